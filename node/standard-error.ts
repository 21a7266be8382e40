/**
 * Standard error for log lines: written beside the event loop, since a reader of the pipe that is slow would stop
 * heartbeats, or the renewal of the operator's lease. Pino's own destination does that too, but its last synchronous write
 * tries again without end where nobody reads any more, and the process never ends.
 */
import { write, writeSync } from 'node:fs';

const STANDARD_ERROR = 2;
/** Lines past this are dropped while nobody reads. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** After the kernel's buffer was found full. */
const RETRY_MS = 10;
/** What a reader that has stopped may cost a process that ends. */
const MAX_FLUSH_MS = 1000;

export class StandardError {
  #waiting: string[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #isClosed = false;

  write(lines: string): void {
    if (this.#isClosed || this.#waitingBytes + lines.length > MAX_WAITING_BYTES) return;
    this.#waiting.push(lines);
    this.#waitingBytes += lines.length;
    if (this.#isWriting) return;
    this.#isWriting = true;
    // Lines of one turn go together, and all of them can still be flushed.
    setImmediate(() => this.#writeWaiting());
  }

  /** Writes what waits before it returns, unless nobody reads. */
  flushSync(): void {
    let bytes = this.#take();
    const deadlineMs = performance.now() + MAX_FLUSH_MS;
    while (bytes.length > 0 && !this.#isClosed) {
      try {
        bytes = bytes.subarray(writeSync(STANDARD_ERROR, bytes));
      } catch (error) {
        if (!isFull(error) || performance.now() > deadlineMs) this.#isClosed = true;
        else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      }
    }
  }

  #writeWaiting(): void {
    const bytes = this.#take();
    if (bytes.length === 0) this.#isWriting = false;
    else this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    write(STANDARD_ERROR, bytes, (error, written) => {
      if (error === null && written === bytes.length) this.#writeWaiting();
      else if (error === null) this.#write(bytes.subarray(written));
      else if (isFull(error)) setTimeout(() => this.#write(bytes), RETRY_MS);
      else this.#isClosed = true;
    });
  }

  #take(): Buffer {
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}
