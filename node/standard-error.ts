/**
 * Standard error for log lines: written beside the event loop, since a reader of the pipe that is slow would stop
 * heartbeats, or the renewal of the operator's lease. Pino's own destination does that too, but its last synchronous write
 * tries again without end where nobody reads any more, and the process never ends.
 */
import { write, writeSync } from 'node:fs';

const STANDARD_ERROR = 2;
/** Lines past this are dropped while nobody reads. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** How long to wait after the kernel's buffer was found full. */
const RETRY_MS = 10;
/** What a reader that has stopped may cost a process that ends, where the descriptor does not block. */
const MAX_FLUSH_MS = 1000;

export class StandardError {
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  #isClosed = false;

  write(lines: string): void {
    if (this.#isClosed || this.#waitingBytes + lines.length > MAX_WAITING_BYTES) return;
    this.#wait(Buffer.from(lines));
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
    if (bytes.length === 0 || this.#isClosed) this.#isWriting = false;
    else write(STANDARD_ERROR, bytes, (error, written) => this.#wrote(bytes, error, written));
  }

  #wrote(bytes: Buffer, error: Error | null, written: number): void {
    if (error !== null && !isFull(error)) {
      this.#isClosed = true;
      return;
    }
    const rest = error === null ? bytes.subarray(written) : bytes;
    if (rest.length > 0) this.#wait(rest, 'First');
    // A process that has nothing else to do flushes, which ends; it does not wait for its reader here.
    if (error === null) this.#writeWaiting();
    else setTimeout(() => this.#writeWaiting(), RETRY_MS).unref();
  }

  #wait(bytes: Buffer, place: 'First' | 'Last' = 'Last'): void {
    if (place === 'First') this.#waiting.unshift(bytes);
    else this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return bytes;
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}
