/** The answering half of one call: headers, messages, and in the trailers how it ended. */
import { encodeHeaders } from '../http2/hpack/encode.ts';
import type { Stream } from '../http2/stream.ts';
import { Code, encodeMessage, type GrpcError } from './status.ts';

type Headers = readonly (readonly [name: string, value: string])[];

const HEADERS: Headers = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
];
// What a call that succeeds is answered with is the same bytes each time.
const OK_HEADERS = encodeHeaders(HEADERS);
const OK_TRAILERS = encodeHeaders(trailersOf(Code.Ok, ''));

/** One message and success. */
export function replyOnce(stream: Stream, frame: Buffer): void {
  if (stream.destroyed) return;
  stream.sendHeaders(OK_HEADERS);
  void stream.send(frame);
  stream.finish(OK_TRAILERS);
}

/** Failure before anything else was sent. */
export function replyFailure(stream: Stream, { code, message }: GrpcError, more: Headers = []): void {
  if (stream.destroyed) return;
  stream.finish(encodeHeaders([...HEADERS, ...more, ...trailersOf(code, message)]));
}

/** Messages one by one, then how it ended. */
export class StreamReply {
  readonly #stream: Stream;
  #isEnded = false;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Resolves when there is room for more; undefined when there is at once. */
  readonly send = (frame: Buffer): Promise<void> | undefined => {
    if (this.#isEnded) return undefined;
    this.#open();
    return this.#stream.send(frame);
  };

  /** @param error null for success */
  end(error: GrpcError | null): void {
    const stream = this.#stream;
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (stream.destroyed) return;
    if (error !== null && !stream.hasSentHeaders) return replyFailure(stream, error);
    this.#open();
    stream.finish(error === null ? OK_TRAILERS : encodeHeaders(trailersOf(error.code, error.message)));
  }

  #open(): void {
    if (!this.#stream.hasSentHeaders) this.#stream.sendHeaders(OK_HEADERS);
  }
}

function trailersOf(code: Code, message: string): Headers {
  const status = ['grpc-status', String(code)] as const;
  return message === '' ? [status] : [status, ['grpc-message', encodeMessage(message)]];
}
