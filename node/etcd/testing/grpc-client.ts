/** A bare gRPC client over Node's own HTTP/2, which can also do what a good one would not. */
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { TestContext } from 'node:test';
import { reflected } from '../proto/reflected.ts';
import { ProtoWriter } from '../proto/writer.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests name the fields that they look at
export type Message = Record<string, any>;

export type Outcome = {
  readonly code: number;
  readonly message: string;
  readonly replies: readonly Message[];
};

export class GrpcClient {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
  }

  static async connect(t: TestContext, url: string, options: object = {}): Promise<GrpcClient> {
    const session = connect(url, options);
    session.on('error', () => {});
    t.after(() => session.destroy());
    await once(session, 'connect');
    return new GrpcClient(session);
  }

  /** One message, and the one answer. Rejects with `code message` when the call fails. */
  async call(path: string, types: readonly [string, string], request: Message): Promise<Message> {
    const outcome = await this.outcome(path, types, request);
    if (outcome.code !== 0) throw new Error(`${outcome.code} ${outcome.message}`);
    return outcome.replies[0]!;
  }

  async outcome(
    path: string,
    types: readonly [string, string],
    request: Message,
    headers: OutgoingHttpHeaders = {},
  ): Promise<Outcome> {
    const stream = this.open(path, types, headers);
    stream.send(request);
    stream.end();
    return stream.ended;
  }

  open(path: string, types: readonly [string, string], headers: OutgoingHttpHeaders = {}): GrpcStream {
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    return new GrpcStream(stream, types);
  }
}

export class GrpcStream {
  readonly http2: ClientHttp2Stream;
  readonly ended: Promise<Outcome>;
  readonly replies: Message[] = [];
  readonly #requestType: string;
  #wake: () => void = () => {};
  #taken = 0;
  #isEnded = false;

  constructor(stream: ClientHttp2Stream, [requestType, replyType]: readonly [string, string]) {
    this.http2 = stream;
    this.#requestType = requestType;
    const codec = reflected<Message>(replyType);
    const status = { code: -1, message: '' };
    const take = (headers: IncomingHttpHeaders): void => {
      if (headers['grpc-status'] === undefined) return;
      status.code = Number(headers['grpc-status']);
      status.message = decodeURIComponent((headers['grpc-message'] as string | undefined) ?? '');
    };
    let bytes = Buffer.alloc(0);
    stream.on('response', (headers) => {
      if (headers[':status'] !== 200) status.message = `HTTP ${headers[':status']}`;
      take(headers);
    });
    stream.on('trailers', take);
    stream.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
        const end = 5 + bytes.readUInt32BE(1);
        this.replies.push(codec.decode(bytes.subarray(5, end)));
        bytes = bytes.subarray(end);
      }
      this.#wake();
    });
    stream.on('error', () => {});
    this.ended = new Promise((resolve) => {
      stream.on('close', () => {
        this.#isEnded = true;
        this.#wake();
        resolve({ ...status, replies: this.replies });
      });
    });
  }

  send(message: Message): void {
    this.http2.write(frame(this.#requestType, message));
  }

  end(): void {
    this.http2.end();
  }

  /** The next reply; rejects when the call ends before. */
  async next(): Promise<Message> {
    for (;;) {
      const reply = this.replies[this.#taken];
      if (reply !== undefined) {
        this.#taken += 1;
        return reply;
      }
      if (this.#isEnded) throw new Error(`the call ended: ${JSON.stringify(await this.ended, bigintsAsText)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

export function frame(type: string, message: Message): Buffer {
  const writer = new ProtoWriter();
  reflected<Message>(type).encode(writer, message);
  return writer.finishFrame();
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
