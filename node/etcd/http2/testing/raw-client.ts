/** Speaks frames to a `Connection`, those of a good client and any others. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { HeldAnswers } from '../../../server/held-answers.ts';
import { Connection, type ConnectionOptions } from '../connection.ts';
import { FrameReader } from '../frame-reader.ts';
import { encodeHeaders } from '../hpack/encode.ts';
import { Flag, FrameType, PREFACE } from '../protocol.ts';
import type { Receiver, Stream } from '../stream.ts';
import { Turn } from '../turn.ts';

export type SeenFrame = {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
};

export const EMPTY: Buffer = Buffer.alloc(0);
export const OK: Buffer = encodeHeaders([[':status', '200']]);
export const TRAILERS: Buffer = encodeHeaders([['end', 'yes']]);
export const REQUEST: Buffer = encodeHeaders([
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/'],
]);

/** Answers with what it gets, and with trailers when that has ended. */
export function echo(stream: Stream): Receiver {
  stream.sendHeaders(OK);
  return {
    data: (chunk) => void stream.send(chunk),
    end: () => stream.finish(TRAILERS),
    closed: () => {},
  };
}

export type TestServer = {
  readonly port: number;
  /** In the order in which they came. */
  readonly connections: readonly Connection[];
  readonly closed: { count: number };
};

export async function serve(t: TestContext, options: Partial<ConnectionOptions> = {}): Promise<TestServer> {
  const connections: Connection[] = [];
  const closed = { count: 0 };
  const turn = new Turn();
  const answers = new HeldAnswers(() => performance.now(), 256 << 20);
  const server = createServer((socket) => {
    const onClose = (): void => {
      closed.count += 1;
    };
    connections.push(new Connection(socket, { onStream: echo, onClose, turn, answers, ...options }));
  });
  server.listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    for (const connection of connections) connection.destroy();
  });
  await once(server, 'listening');
  return { port: (server.address() as { port: number }).port, connections, closed };
}

export class RawClient {
  readonly socket: Socket;
  readonly frames: SeenFrame[] = [];
  isClosed = false;
  #taken = 0;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      reader.push(chunk);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) {
        const { type, flags, streamId, bytes, start, end } = frame;
        this.frames.push({ type, flags, streamId, payload: Buffer.from(bytes.subarray(start, end)) });
      }
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  static async open(t: TestContext, { port }: { port: number }): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** One that has said its preface and SETTINGS. */
  static async connect(t: TestContext, server: { port: number }, settings: Buffer = EMPTY): Promise<RawClient> {
    const client = await RawClient.open(t, server);
    client.socket.write(PREFACE);
    client.send(FrameType.Settings, 0, 0, settings);
    client.send(FrameType.Settings, Flag.Ack, 0);
    return client;
  }

  send(type: number, flags: number, streamId: number, payload: Uint8Array | readonly number[] = EMPTY): void {
    this.socket.write(frameOf(type, flags, streamId, payload));
  }

  request(streamId: number, { isEnd = true, block = REQUEST }: { isEnd?: boolean; block?: Buffer } = {}): void {
    this.send(FrameType.Headers, Flag.EndHeaders | (isEnd ? Flag.EndStream : 0), streamId, block);
  }

  /** The next that matches, of those not seen by an earlier call; rejects when the connection closes before. */
  async next(what: (frame: SeenFrame) => boolean): Promise<SeenFrame> {
    for (;;) {
      for (; this.#taken < this.frames.length; this.#taken += 1) {
        const frame = this.frames[this.#taken]!;
        if (!what(frame)) continue;
        this.#taken += 1;
        return frame;
      }
      if (this.isClosed) throw new Error(`closed after ${this.frames.map(({ type }) => type).join(', ')}`);
      await this.#change();
    }
  }

  nextOf(type: number, streamId?: number): Promise<SeenFrame> {
    return this.next((frame) => frame.type === type && (streamId === undefined || frame.streamId === streamId));
  }

  /** Resolves when all that was sent before has been taken by the server. */
  async settled(): Promise<void> {
    this.send(FrameType.Ping, 0, 0, Buffer.from('settled?'));
    await this.next(({ type, payload }) => type === FrameType.Ping && payload.toString() === 'settled?');
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change();
  }

  dataBytes(streamId: number): number {
    return this.frames
      .filter((frame) => frame.type === FrameType.Data && frame.streamId === streamId)
      .reduce((sum, { payload }) => sum + payload.length, 0);
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

export function frameOf(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array | readonly number[] = EMPTY,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, Uint8Array.from(payload)]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
