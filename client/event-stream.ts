/** Server-Sent Events of one answer, pulled one at a time so that a slow reader slows the sender, not fills memory. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';

export type ServerEvent = EventSourceMessage;

export class EventStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  readonly #parser = createParser({ onEvent: (event) => this.#parsed.push(event) });
  readonly #parsed: ServerEvent[] = [];
  #taken = 0;

  constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  /** The next event, or null when the stream ended, broke off, stayed silent for `silenceMs`, or `signal` was aborted. */
  async next(silenceMs: number, signal?: AbortSignal): Promise<ServerEvent | null> {
    while (this.#taken === this.#parsed.length) {
      this.#parsed.length = 0;
      this.#taken = 0;
      const chunk = await this.#read(silenceMs, signal);
      if (chunk === null) return null;
      this.#parser.feed(this.#decoder.decode(chunk, { stream: true }));
    }
    return this.#parsed[this.#taken++]!;
  }

  async close(): Promise<void> {
    // Cancelling a stream that has already broken rejects: nothing is left to close then.
    await this.#reader.cancel().catch(() => undefined);
  }

  async #read(silenceMs: number, signal?: AbortSignal): Promise<Uint8Array | null> {
    if (signal?.aborted) return null;
    const close = () => void this.close();
    const timer = setTimeout(close, silenceMs);
    signal?.addEventListener('abort', close, { once: true });
    try {
      const { done, value } = await this.#reader.read();
      return done ? null : value;
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', close);
    }
  }
}
