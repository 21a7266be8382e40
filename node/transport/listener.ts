/** Accepts connections and hears their hello. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { formatAddress } from './address.ts';
import { Connection, type ConnectionEnd } from './connection.ts';
import { FrameType } from './frame-types.ts';
import { type Opening, type Purpose, readOpening, writeRefused, writeWelcome } from './greetings.ts';
import type { Expected } from './handshake.ts';
import type { TcpNetworkOptions } from './options.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Hello, RefusedHandshake } from './types.ts';

export type ListenerHandler = {
  /** Null lets it in. */
  refuse(hello: Hello, expected: Expected): RefusedHandshake | null;
  /** Let in and welcomed. The connection's handler must be replaced at once. */
  accepted(connection: Connection, hello: Hello, purpose: Purpose): void;
  refused(address: string, refusal: RefusedHandshake): void;
};

/** Counts all connections, also those that have not said hello yet. */
const MAX_CONNECTIONS = 1024;
/** For goodbyes; whoever is still in the middle of a TLS handshake does not get longer. */
const CLOSE_MS = 1000;

export class Listener {
  readonly #options: TcpNetworkOptions;
  readonly #own: Hello;
  readonly #handler: ListenerHandler;
  readonly #server: Server;
  readonly #greeting = new Set<Socket>();
  readonly #sockets = new Set<Socket>();

  constructor(options: TcpNetworkOptions, own: Hello, handler: ListenerHandler) {
    this.#options = options;
    this.#own = own;
    this.#handler = handler;
    const common = { noDelay: true };
    const greet = (socket: Socket): void => this.#greet(socket);
    this.#server =
      options.tls === null
        ? createServer(common, greet)
        : options.tls.createServer({ ...common, handshakeTimeout: options.handshakeTimeoutMs }, greet);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      options.log.warn({ address: addressOf(socket), reason: tlsProblem(error, socket) }, 'peer_tls_failed');
      // After its handshake timeout Node leaves the socket open.
      socket.destroy();
    });
  }

  /** Rejects when it cannot listen. */
  async listen(): Promise<void> {
    const { host, port } = this.#options.listen;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        // Accepting can fail later, with too many open files: that one connection is lost, not the member.
        this.#server.on('error', (error) => this.#options.log.warn({ reason: error.message }, 'peer_accept_failed'));
        resolve();
      });
    });
  }

  address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return formatAddress(address, port);
  }

  /** Takes no more; resolves when all its connections are gone. */
  async close(): Promise<void> {
    for (const socket of this.#greeting) socket.destroy();
    const timer = this.#options.clock.after(CLOSE_MS, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    timer.cancel();
  }

  #greet(socket: Socket): void {
    this.#greeting.add(socket);
    // One deadline for the whole: a caller that sends a byte now and then must not hold a place.
    const timer = this.#options.clock.after(this.#options.handshakeTimeoutMs, () => {
      this.#options.log.warn({ address: addressOf(socket), reason: 'no hello in time' }, 'peer_handshake_failed');
      socket.destroy();
    });
    const over = (): void => {
      timer.cancel();
      this.#greeting.delete(socket);
    };
    const connection = new Connection(socket, this.#options.clock, this.#options.maxFrameBytes, {
      frame: (body) => {
        if (body[0] !== FrameType.Hello) throw new ProtocolError(`a frame of type ${body[0]} came before the hello`);
        const opening = readOpening(body);
        over();
        this.#answer(connection, opening);
      },
      ended: ({ isDeliberate, reason }: ConnectionEnd) => {
        over();
        if (isDeliberate) return;
        this.#options.log.warn({ address: connection.remoteAddress, reason }, 'peer_handshake_failed');
      },
    });
  }

  #answer(connection: Connection, { hello, purpose, expected }: Opening): void {
    const refusal = this.#handler.refuse(hello, expected);
    if (refusal !== null) {
      writeRefused(connection.writer, refusal);
      connection.closeWithoutGoodbye();
      this.#handler.refused(connection.remoteAddress, refusal);
      return;
    }
    writeWelcome(connection.writer, this.#own);
    connection.flushSoon();
    this.#handler.accepted(connection, hello, purpose);
  }
}

/** What "socket hang up" stands for. */
function tlsProblem(error: NodeJS.ErrnoException, socket: TLSSocket): string {
  if (socket.authorizationError)
    return `the caller's certificate is not accepted: ${String(socket.authorizationError)}`;
  if (error.code === 'ECONNRESET') return 'the caller left during the TLS handshake: does it accept our certificate?';
  return error.message;
}

function addressOf(socket: Socket): string {
  return formatAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
}
