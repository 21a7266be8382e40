/** For tests: a wire that can be cut, and that can go dead without a word. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type HostPort, parseAddress } from '../address.ts';

export class TestProxy {
  readonly #server: Server;
  readonly #target: HostPort;
  readonly #sockets = new Set<Socket>();
  /** Bytes that still pass towards the target, over all connections; at 0 everything is cut. */
  cutAfterBytes: number = Number.POSITIVE_INFINITY;
  connectionCount = 0;
  /** Pieces that came from the side that dialled. */
  chunkCount = 0;

  constructor(target: string) {
    this.#target = parseAddress(target);
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#join(near));
  }

  get address(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return `127.0.0.1:${address.port}`;
  }

  /** RST to both sides, as a process that is killed with unread bytes makes it. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Nothing passes any more, and nobody is told. New connections are not affected. */
  freeze(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners('data');
      socket.removeAllListeners('end');
      socket.resume();
    }
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(near: Socket): void {
    this.connectionCount += 1;
    const far = connect({ ...this.#target, allowHalfOpen: true });
    this.#pass(near, far, (chunk) => {
      this.chunkCount += 1;
      this.cutAfterBytes -= chunk.length;
      if (this.cutAfterBytes > 0) return far.write(chunk);
      this.cutAfterBytes = Number.POSITIVE_INFINITY;
      return this.cut();
    });
    this.#pass(far, near, (chunk) => near.write(chunk));
  }

  #pass(from: Socket, to: Socket, write: (chunk: Buffer) => unknown): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', write);
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}

/** In front of `target`, until the test ends. */
export async function startProxy(t: TestContext, target: string): Promise<TestProxy> {
  const proxy = new TestProxy(target);
  await proxy.listen();
  t.after(() => proxy.close());
  return proxy;
}
