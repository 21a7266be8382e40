/** The answering half of one call: headers, messages, and in the trailers how it ended. */
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Code, encodeMessage, type GrpcError } from './status.ts';

const HEADERS: OutgoingHttpHeaders = { ':status': 200, 'content-type': 'application/grpc' };
// gRPC has no use for a date.
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false } as const;
const LAST = { endStream: true, sendDate: false } as const;
const OK_TRAILERS: OutgoingHttpHeaders = { 'grpc-status': String(Code.Ok) };

/** One message and success. */
export function replyOnce(stream: ServerHttp2Stream, frame: Buffer): void {
  if (stream.destroyed || stream.closed) return;
  stream.on('wantTrailers', sendOk);
  stream.respond(HEADERS, WITH_TRAILERS);
  stream.end(frame);
}

/** Failure before anything else was sent. */
export function replyFailure(stream: ServerHttp2Stream, { code, message }: GrpcError): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ...HEADERS, ...trailersOf(code, message) }, LAST);
  // What the caller still sends is of no use; without this it could fill its window and wait for ever.
  endReading(stream);
}

/** Messages one by one, then how it ended. */
export class StreamReply {
  readonly #stream: ServerHttp2Stream;
  #trailers = OK_TRAILERS;
  #isEnded = false;
  #drain: Promise<void> | null = null;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
  }

  /** Resolves when there is room for more; undefined when there is at once. */
  readonly send = (frame: Buffer): Promise<void> | undefined => {
    const stream = this.#stream;
    if (this.#isEnded || stream.destroyed || stream.closed) return undefined;
    this.#open();
    if (stream.write(frame)) return undefined;
    this.#drain ??= new Promise<void>((resolve) => {
      const done = (): void => {
        stream.off('drain', done);
        stream.off('close', done);
        this.#drain = null;
        resolve();
      };
      stream.on('drain', done);
      stream.on('close', done);
    });
    return this.#drain;
  };

  /** @param error null for success */
  end(error: GrpcError | null): void {
    const stream = this.#stream;
    if (this.#isEnded || stream.destroyed || stream.closed) return;
    this.#isEnded = true;
    if (error !== null && !stream.headersSent) return replyFailure(stream, error);
    if (error !== null) this.#trailers = trailersOf(error.code, error.message);
    this.#open();
    stream.end();
  }

  #open(): void {
    const stream = this.#stream;
    if (stream.headersSent) return;
    stream.on('wantTrailers', () => {
      stream.sendTrailers(this.#trailers);
      endReading(stream);
    });
    stream.respond(HEADERS, WITH_TRAILERS);
  }
}

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(OK_TRAILERS);
}

function trailersOf(code: number, message: string): OutgoingHttpHeaders {
  const status = { 'grpc-status': String(code) };
  return message === '' ? status : { ...status, 'grpc-message': encodeMessage(message) };
}

/** Tells a caller that has not sent its last that nobody listens any more; after the trailers, which it still gets. */
function endReading(stream: ServerHttp2Stream): void {
  stream.resume();
  setImmediate(() => {
    if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
  });
}
