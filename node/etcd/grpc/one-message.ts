/** Takes the one message of a call that has no more. Its handler begins as soon as that is there. */
import type { Receiver, Stream } from '../http2/stream.ts';
import type { BufferBudget } from './buffer-budget.ts';
import type { Call } from './call.ts';
import { MessageReader, soleMessage } from './message-reader.ts';
import { Code, GrpcError } from './status.ts';

/** What happens with it; the same for all calls. */
export type OneMessageHandler<M> = {
  readonly maxMessageBytes: number;
  readonly budget: BufferBudget;
  take(stream: Stream, call: Call, method: M, message: Buffer): void;
  fail(stream: Stream, call: Call, error: unknown): void;
  closed(): void;
};

export class OneMessage<M> implements Receiver {
  readonly #stream: Stream;
  readonly #call: Call;
  readonly #method: M;
  readonly #handler: OneMessageHandler<M>;
  #reader: MessageReader | null = null;
  #isTaken = false;

  constructor(stream: Stream, call: Call, method: M, handler: OneMessageHandler<M>) {
    this.#stream = stream;
    this.#call = call;
    this.#method = method;
    this.#handler = handler;
  }

  data(chunk: Buffer): void {
    if (this.#isTaken) return;
    try {
      const message = this.#messageOf(chunk);
      if (message === null) return;
      this.#isTaken = true;
      this.#handler.take(this.#stream, this.#call, this.#method, message);
    } catch (error) {
      this.#fail(error);
    }
  }

  end(): void {
    if (!this.#isTaken) this.#fail(new GrpcError(Code.Internal, 'grpc: the call ended before its message'));
  }

  closed(): void {
    this.#reader?.release();
    this.#handler.closed();
  }

  #messageOf(chunk: Buffer): Buffer | null {
    const { maxMessageBytes, budget } = this.#handler;
    if (this.#reader === null) {
      const message = soleMessage(chunk, maxMessageBytes);
      if (message !== null) return message;
      this.#reader = new MessageReader(maxMessageBytes, this.#call.encoding, budget);
    }
    this.#reader.push(chunk);
    const message = this.#reader.next();
    if (message === null) this.#reader.charge();
    else this.#reader.release();
    return message;
  }

  #fail(error: unknown): void {
    this.#isTaken = true;
    this.#handler.fail(this.#stream, this.#call, error);
  }
}
