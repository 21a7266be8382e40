/** Connects to a peer's address and says hello, once. */
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { parseAddress } from './address.ts';
import { Connection, type ConnectionEnd } from './connection.ts';
import { FrameType } from './frame-types.ts';
import { type Purpose, readRefused, readWelcome, writeOpening } from './greetings.ts';
import { refuseAnswerer } from './handshake.ts';
import type { TcpNetworkOptions } from './options.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Hello, Peer, RefusedHandshake } from './types.ts';

export type DialHandler = {
  /** The connection's handler must be replaced at once: more frames may lie in the same packet. */
  connected(connection: Connection, hello: Hello): void;
  failed(reason: string, refusal: RefusedHandshake | null): void;
};

export type Dialling = {
  cancel(): void;
  /** Nothing has reached the peer yet: nobody there notices a cancel. */
  readonly isConnecting: boolean;
};

/** Packets to a pod that is gone get no answer at all, for as long as its name still stands for its old address. */
const CONNECT_TIMEOUT_MS = 2000;

/**
 * Calls exactly one of the handler's two, unless it is cancelled before.
 *
 * @param calledFrom goes there, whatever the name in the peer's address stands for
 */
export function dial(
  options: TcpNetworkOptions,
  own: Hello,
  peer: Peer,
  purpose: Purpose,
  handler: DialHandler,
  calledFrom: string | null = null,
): Dialling {
  const expected = { id: peer.id, incarnation: peer.incarnation };
  let isOver = false;
  let socket: Socket | null = null;
  const timer = options.clock.after(options.handshakeTimeoutMs, () => {
    fail(`no handshake within ${options.handshakeTimeoutMs} ms`);
  });
  const connectTimer = options.clock.after(CONNECT_TIMEOUT_MS, () => {
    if (socket?.connecting === true) fail(`no connection within ${CONNECT_TIMEOUT_MS} ms`);
  });
  const over = (): boolean => {
    if (isOver) return false;
    isOver = true;
    timer.cancel();
    connectTimer.cancel();
    return true;
  };
  const fail = (reason: string, refusal: RefusedHandshake | null = null): void => {
    if (!over()) return;
    if (refusal === null) socket?.destroy();
    handler.failed(reason, refusal);
  };
  const greet = (): void => {
    if (isOver || socket === null) return;
    const connection = new Connection(socket, options.clock, options.maxFrameBytes, {
      frame: (body) => {
        if (body[0] === FrameType.Refused) {
          const refusal = readRefused(body);
          connection.closeWithoutGoodbye();
          fail(refusal.message, refusal);
          return;
        }
        if (body[0] !== FrameType.Welcome)
          throw new ProtocolError(`a frame of type ${body[0]} came before the welcome`);
        const hello = readWelcome(body);
        const refusal = refuseAnswerer(own, expected, hello);
        if (refusal !== null) {
          connection.close({ reason: refusal.message, refusal });
          fail(refusal.message, refusal);
          return;
        }
        if (over()) handler.connected(connection, hello);
      },
      ended: (end: ConnectionEnd) => fail(end.reason, end.refusal),
    });
    writeOpening(connection.writer, { purpose, hello: own, expected });
    connection.flushSoon();
  };
  try {
    socket = open(options, peer.address, calledFrom, greet);
    socket.on('error', (error) => fail(describe(error)));
  } catch (error) {
    // Reported asynchronously, like every other failure: the caller does not hold our return value yet.
    queueMicrotask(() => fail(describe(error)));
  }
  return {
    cancel: () => {
      if (over()) socket?.destroy();
    },
    get isConnecting() {
      return !isOver && socket?.connecting === true;
    },
  };
}

/** The name is resolved at each call: a pod that is rescheduled keeps its name and changes its address. */
function open(options: TcpNetworkOptions, address: string, calledFrom: string | null, connected: () => void): Socket {
  const { host, port } = parseAddress(address);
  // The host stays the peer's name, also when its address is given: its certificate is checked against that name.
  const common = { host, port, noDelay: true, ...(calledFrom === null ? {} : { lookup: lookupAs(calledFrom) }) };
  if (options.tls !== null) return options.tls.connect(common, connected);
  return connect(common, connected);
}

function lookupAs(address: string): LookupFunction {
  const family = isIP(address);
  return (_host, { all }, callback) =>
    all === true ? callback(null, [{ address, family }]) : callback(null, address, family);
}

function describe(error: unknown): string {
  // A name with several addresses fails with an AggregateError, whose own message is empty.
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}
