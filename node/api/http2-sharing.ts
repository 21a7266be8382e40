/**
 * One port for HTTP/1.1 and HTTP/2, as etcd has it: a connection goes to the one that its client speaks. In plain text
 * the first bytes tell, with TLS what the client offers: a client that can speak HTTP/1.1 gets that, since our HTTP API
 * speaks nothing else; gRPC's clients offer HTTP/2 alone.
 */
import type { Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Whoever serves HTTP/2. */
export type Http2Door = {
  /** Takes over a connection from which nothing was read yet. */
  accept(socket: Socket): void;
  /** Takes nothing new; connections close once what was accepted is answered. */
  close(): void;
  /** Breaks off what is left. */
  destroy(): void;
};

/** For `https.createServer`, in place of the protocols that it would offer by itself. */
export const alpnOptions = {
  ALPNCallback: ({ protocols }: { protocols: string[] }): string | undefined =>
    ['http/1.1', 'h2'].find((protocol) => protocols.includes(protocol)),
};

/** Connections that have not said yet what they speak. */
export type Undecided = { destroyAll(): void };

/** Puts itself between the server's accepted connections and its HTTP/1.1. */
export function shareByFirstBytes(server: Server, http2: Http2Door, decideWithinMs: number): Undecided {
  const serveHttp1 = takeListener(server, 'connection');
  const undecided = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    undecided.add(socket);
    const giveUp = (): void => void socket.destroy();
    const deadline = setTimeout(giveUp, decideWithinMs);
    const leave = (): void => {
      clearTimeout(deadline);
      undecided.delete(socket);
      socket.off('readable', decide);
      socket.off('end', giveUp);
      socket.off('error', giveUp);
      socket.off('close', leave);
    };
    let first: Buffer = Buffer.alloc(0);
    const decide = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
      const verdict = judge(first);
      if (verdict === null) return;
      leave();
      // Whoever takes over reads them as if nobody had.
      socket.unshift(first);
      if (verdict === 'HTTP/1.1') return void serveHttp1.call(server, socket);
      // An HTTP/1.1 client may half-close and still read answers; an HTTP/2 client that sends FIN has gone.
      socket.allowHalfOpen = false;
      http2.accept(socket);
    };
    socket.on('readable', decide);
    socket.on('end', giveUp);
    socket.on('error', giveUp);
    socket.on('close', leave);
  });
  return { destroyAll: () => undecided.forEach((socket) => void socket.destroy()) };
}

/** Needs `alpnOptions`. */
export function shareByAlpn(server: HttpsServer, http2: Http2Door): void {
  const serveHttp1 = takeListener(server, 'secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') http2.accept(socket);
    else serveHttp1.call(server, socket);
  });
}

/** No method of HTTP/1.1 begins like this, so its first three bytes are enough. */
const PREFACE = Buffer.from('PRI');

function judge(first: Buffer): 'HTTP/1.1' | 'HTTP/2' | null {
  const length = Math.min(first.length, PREFACE.length);
  if (!first.subarray(0, length).equals(PREFACE.subarray(0, length))) return 'HTTP/1.1';
  return length < PREFACE.length ? null : 'HTTP/2';
}

// biome-ignore lint/complexity/noBannedTypes: what Node's servers listen with has no type of its own
function takeListener(server: Server | HttpsServer, event: string): Function {
  const listeners = server.listeners(event);
  const [listener] = listeners;
  if (listener === undefined || listeners.length !== 1) {
    throw new Error(`Node's server has ${listeners.length} listeners for ${event}, where there was one`);
  }
  server.removeAllListeners(event);
  return listener;
}
