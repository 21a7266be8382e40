/** The streams of one connection (RFC 9113, section 5.1): those that are open, and what their ids tell of all others. */
import { ConnectionError } from './errors.ts';
import { ErrorCode } from './protocol.ts';
import { RecentIds } from './recent-ids.ts';
import type { Stream } from './stream.ts';

export class StreamTable {
  readonly #open = new Map<number, Stream>();
  /** Streams that we have closed while the client may still have been sending. */
  readonly #reset = new RecentIds();
  #lastId = 0;
  #isLeaving = false;

  /** How many streams are open. */
  get size(): number {
    return this.#open.size;
  }

  /** The highest that a request came with. */
  get lastId(): number {
    return this.#lastId;
  }

  /** GOAWAY was said: no new streams. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Undefined when it is not open. */
  get(id: number): Stream | undefined {
    return this.#open.get(id);
  }

  open(): Iterable<Stream> {
    return this.#open.values();
  }

  /** A request came with this id, whatever becomes of it. @throws ConnectionError for an id that is not a new one */
  begin(id: number): void {
    if (id <= this.#lastId) {
      throw new ConnectionError(ErrorCode.StreamClosed, 'headers for a stream that is closed');
    }
    this.#lastId = id;
  }

  add(stream: Stream): void {
    this.#open.set(stream.id, stream);
  }

  delete(stream: Stream): void {
    this.#open.delete(stream.id);
  }

  /** RST_STREAM was sent. */
  noteReset(id: number): void {
    this.#reset.add(id);
  }

  leave(): void {
    this.#isLeaving = true;
  }

  /** Whether frames of this stream are passed over: it was reset by us, or came after our GOAWAY, and the client could not know. */
  isIgnored(id: number): boolean {
    return (this.#isLeaving && id > this.#lastId) || this.#reset.has(id);
  }

  /** @throws ConnectionError for a stream that no request came with */
  assertNotIdle(id: number): void {
    if (id <= this.#lastId && id % 2 === 1) return;
    throw new ConnectionError(ErrorCode.ProtocolError, `stream ${id} was never opened`);
  }
}
