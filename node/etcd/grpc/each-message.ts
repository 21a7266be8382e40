/** Takes the messages of a call that answers each on its own, as fast as they are answered. */
import type { Receiver, Stream } from '../http2/stream.ts';
import type { BufferBudget } from './buffer-budget.ts';
import type { Call } from './call.ts';
import { MessageReader, soleMessage } from './message-reader.ts';
import type { Method } from './method.ts';
import type { StreamReply } from './reply.ts';

/** What happens at its end; the same for all calls. */
export type EachMessageHandler = {
  readonly maxMessageBytes: number;
  readonly budget: BufferBudget;
  /** @param error null when all was answered, or nobody is there to be answered any more */
  ended(call: Call, reply: StreamReply, error: unknown): void;
  closed(): void;
};

/** How many messages of one call are handled at once; its caller is held back meanwhile. */
const MAX_RUNNING = 128;

export class EachMessage implements Receiver {
  readonly #stream: Stream;
  readonly #call: Call;
  readonly #run: (Method & { readonly kind: 'AnswerEach' })['run'];
  readonly #reply: StreamReply;
  readonly #handler: EachMessageHandler;
  #reader: MessageReader | null = null;
  #running = 0;
  /** The caller has sent its last. */
  #isEnded = false;
  #isOver = false;

  constructor(
    stream: Stream,
    call: Call,
    { run }: Method & { readonly kind: 'AnswerEach' },
    reply: StreamReply,
    handler: EachMessageHandler,
  ) {
    this.#stream = stream;
    this.#call = call;
    this.#run = run;
    this.#reply = reply;
    this.#handler = handler;
  }

  data(chunk: Buffer): void {
    if (this.#isOver) return;
    const { maxMessageBytes, budget } = this.#handler;
    const sole = this.#reader === null && this.#running < MAX_RUNNING ? soleMessage(chunk, maxMessageBytes) : null;
    if (sole !== null) {
      this.#answer(sole);
      return;
    }
    this.#reader ??= new MessageReader(maxMessageBytes, this.#call.encoding, budget);
    this.#reader.push(chunk);
    this.#takeWaiting(this.#reader);
  }

  end(): void {
    this.#isEnded = true;
    this.#endIfIdle();
  }

  closed(): void {
    this.#over(null);
    this.#reader?.release();
    this.#handler.closed();
  }

  #takeWaiting(reader: MessageReader): void {
    try {
      while (this.#running < MAX_RUNNING && !this.#isOver) {
        const message = reader.next();
        if (message === null) break;
        this.#answer(message);
      }
      reader.charge();
    } catch (error) {
      this.#over(error);
    }
    if (this.#running < MAX_RUNNING) this.#stream.resume();
    else this.#stream.pause();
  }

  #answer(message: Buffer): void {
    this.#running += 1;
    this.#run(message, this.#call).then(this.#answered, this.#failed);
  }

  readonly #answered = (frame: Buffer): void => {
    // One whose answers are not read is given no more to answer.
    const hasRoom = this.#reply.send(frame);
    if (hasRoom === undefined) this.#done();
    else void hasRoom.then(this.#done);
  };

  readonly #failed = (error: unknown): void => this.#over(error);

  readonly #done = (): void => {
    this.#running -= 1;
    if (this.#reader !== null && !this.#isOver) this.#takeWaiting(this.#reader);
    this.#endIfIdle();
  };

  #endIfIdle(): void {
    if (this.#isEnded && this.#running === 0) this.#over(null);
  }

  #over(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.ended(this.#call, this.#reply, error);
  }
}
