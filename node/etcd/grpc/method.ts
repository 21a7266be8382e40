/**
 * How a method of a service is written down. The table of all methods (../methods.ts) maps a path to one of these:
 *
 *     '/etcdserverpb.KV/Put': unary(decodePutRequest, encodePutResponse, (request, call) => …),
 *
 * Here the types of its messages end: a method takes and gives bytes.
 */
import { ProtoWriter } from '../proto/writer.ts';
import type { Call } from './call.ts';
import { Code, GrpcError } from './status.ts';

export type Decode<T> = (bytes: Buffer) => T;
/** Writes its fields last to first, see ../proto/writer.ts. */
export type Encode<T> = (writer: ProtoWriter, message: T) => void;

/** Takes the next message; resolves when the connection has room for more. Nothing is sent once the caller has gone. */
export type Send<T> = (message: T) => Promise<void> | undefined;

/** Frames carry gRPC's five bytes of head, messages do not. */
export type Method =
  | { readonly kind: 'Unary'; readonly run: (message: Buffer, call: Call) => Promise<Buffer> }
  /** Every message of the caller has its own answer; they may overtake each other. */
  | { readonly kind: 'AnswerEach'; readonly run: (message: Buffer, call: Call) => Promise<Buffer> }
  | {
      readonly kind: 'ServerStream';
      readonly run: (message: Buffer, call: Call, send: Send<Buffer>) => Promise<void>;
    }
  | {
      readonly kind: 'Bidi';
      /** The messages end when the caller has sent its last, and when it has gone. */
      readonly run: (messages: AsyncIterable<Buffer>, call: Call, send: Send<Buffer>) => Promise<void>;
    };

export type Methods = Readonly<Record<string, Method>>;

export function unary<Request, Response>(
  decode: Decode<Request>,
  encode: Encode<Response>,
  handle: (request: Request, call: Call) => Promise<Response>,
): Method {
  return { kind: 'Unary', run: runOf(decode, encode, handle) };
}

/** The call succeeds when the caller has sent its last message and all are answered. */
export function answerEach<Request, Response>(
  decode: Decode<Request>,
  encode: Encode<Response>,
  handle: (request: Request, call: Call) => Promise<Response>,
): Method {
  return { kind: 'AnswerEach', run: runOf(decode, encode, handle) };
}

/** The call succeeds when `handle` resolves. */
export function serverStream<Request, Response>(
  decode: Decode<Request>,
  encode: Encode<Response>,
  handle: (request: Request, call: Call, send: Send<Response>) => Promise<void>,
): Method {
  return {
    kind: 'ServerStream',
    run: async (message, call, send) =>
      handle(decoded(decode, message), call, (response) => send(frameOf(encode, response))),
  };
}

/** The call succeeds when `handle` resolves, whether or not the caller has more to say. */
export function bidi<Request, Response>(
  decode: Decode<Request>,
  encode: Encode<Response>,
  handle: (requests: AsyncIterable<Request>, call: Call, send: Send<Response>) => Promise<void>,
): Method {
  return {
    kind: 'Bidi',
    run: (messages, call, send) =>
      handle(decodedEach(decode, messages), call, (response) => send(frameOf(encode, response))),
  };
}

function runOf<Request, Response>(
  decode: Decode<Request>,
  encode: Encode<Response>,
  handle: (request: Request, call: Call) => Promise<Response>,
): (message: Buffer, call: Call) => Promise<Buffer> {
  return async (message, call) => frameOf(encode, await handle(decoded(decode, message), call));
}

async function* decodedEach<T>(decode: Decode<T>, messages: AsyncIterable<Buffer>): AsyncGenerator<T, void, undefined> {
  for await (const message of messages) yield decoded(decode, message);
}

function decoded<T>(decode: Decode<T>, message: Buffer): T {
  try {
    return decode(message);
  } catch (error) {
    throw new GrpcError(Code.Internal, `grpc: error unmarshalling request: ${(error as Error).message}`);
  }
}

/** One for all: encoding never waits. */
const writer = new ProtoWriter();

function frameOf<T>(encode: Encode<T>, message: T): Buffer {
  try {
    encode(writer, message);
    return writer.finishFrame();
  } catch (error) {
    writer.reset();
    throw error;
  }
}
