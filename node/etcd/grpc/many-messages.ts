/** Takes the messages of a bidirectional call; its handler pulls them, and holds the caller back while too many wait. */
import type { Receiver, Stream } from '../http2/stream.ts';
import type { BufferBudget } from './buffer-budget.ts';
import { Inbox } from './inbox.ts';
import { type Encoding, MessageReader } from './message-reader.ts';

/** Taken by the handler when it has time. */
const MAX_WAITING_MESSAGES = 128;
const MAX_WAITING_BYTES = 1 << 20;

export class ManyMessages implements Receiver {
  readonly inbox: Inbox;
  readonly #stream: Stream;
  readonly #reader: MessageReader;
  readonly #onClosed: () => void;

  constructor(stream: Stream, maxMessageBytes: number, encoding: Encoding, budget: BufferBudget, onClosed: () => void) {
    this.#stream = stream;
    this.#reader = new MessageReader(maxMessageBytes, encoding, budget);
    this.#onClosed = onClosed;
    this.inbox = new Inbox(() => stream.resume());
  }

  data(chunk: Buffer): void {
    const { inbox } = this;
    const reader = this.#reader;
    try {
      reader.push(chunk);
      for (let message = reader.next(); message !== null; message = reader.next()) inbox.push(message);
      reader.charge();
      if (inbox.size >= MAX_WAITING_MESSAGES || inbox.bytes >= MAX_WAITING_BYTES) this.#stream.pause();
    } catch (error) {
      inbox.fail(error as Error);
    }
  }

  end(): void {
    this.inbox.end();
  }

  closed(): void {
    this.#reader.release();
    this.inbox.discard();
    this.#onClosed();
  }
}
