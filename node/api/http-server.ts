/** The client port: an HTTP or HTTPS server that can be stopped without breaking off what it has accepted. */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { ApiErrorCode } from '../../client/types.ts';
import { markAwaitingContinue } from './body.ts';
import { errorBody, errorTable } from './errors.ts';
import type { HttpApi } from './http-api.ts';
import { alpnOptions, type Http2Door, shareByAlpn, shareByFirstBytes, type Undecided } from './http2-sharing.ts';

/** Certificates that may change while the server runs (`ReloadingTls` of node/transport). */
export type ServerTls = {
  readonly files: {
    serverOptions(clientCertificates: ClientCertificates): TlsOptions;
    /** From its next connection on, the server uses the files as they are. */
    keepFresh(server: HttpsServer): void;
  };
  readonly clientCertificates: ClientCertificates;
};

/** `Request`: asked for, and a valid one gives its bearer more rights. `Require`: none, no connection. */
export type ClientCertificates = 'None' | 'Request' | 'Require';

export type HttpServerOptions = {
  readonly api: HttpApi;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: ServerTls | null;
  /** Gets the connections of clients that speak HTTP/2; absent: there are none. */
  readonly http2?: Http2Door;
};

export type HttpServer = {
  readonly address: AddressInfo;
  /**
   * Accepts nothing new, ends event streams, and resolves when every accepted request is answered; after
   * `deadlineMs` it breaks off what is left.
   */
  close(deadlineMs: number): Promise<void>;
};

const settings = {
  // Longer than proxies and clients keep an idle connection: whoever closes first must not be the server, since a
  // request may be on its way to it.
  keepAliveTimeout: 75_000,
  requestTimeout: 60_000,
  headersTimeout: 20_000,
  // A key is part of the path.
  maxHeaderSize: 64 * 1024,
  // A request that says nothing of a body has none: it gets no stream that would have to be read to its end.
  optimizeEmptyRequests: true,
} as const satisfies ServerOptions;

const idleCheckIntervalMs = 50;

/** Rejects with the system's error (EADDRINUSE, EACCES) when it cannot listen. */
export async function startHttpServer({ api, listen, tls, http2 }: HttpServerOptions): Promise<HttpServer> {
  const { server, undecided } = tls === null ? createPlainServer(api, http2) : createTlsServer(api, tls, http2);
  server.on('checkContinue', (request, response) => {
    markAwaitingContinue(request);
    api.listener(request, response);
  });
  server.on('checkExpectation', refuseExpectation);
  server.on('clientError', answerUnreadable);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    address: server.address() as AddressInfo,
    close: (deadlineMs) => closeServer({ server, undecided }, api, http2, deadlineMs),
  };
}

type SharedServer = { readonly server: Server | HttpsServer; readonly undecided: Undecided | null };

function createPlainServer(api: HttpApi, http2: Http2Door | undefined): SharedServer {
  const server = createHttpServer(settings, api.listener);
  return { server, undecided: http2 ? shareByFirstBytes(server, http2, settings.headersTimeout) : null };
}

function createTlsServer(
  api: HttpApi,
  { files, clientCertificates }: ServerTls,
  http2: Http2Door | undefined,
): SharedServer {
  const alpn = http2 ? alpnOptions : {};
  const server = createHttpsServer({ ...settings, ...alpn, ...files.serverOptions(clientCertificates) }, api.listener);
  if (http2) shareByAlpn(server, http2);
  files.keepFresh(server);
  return { server, undecided: null };
}

async function closeServer(
  { server, undecided }: SharedServer,
  api: HttpApi,
  http2: Http2Door | undefined,
  deadlineMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  api.endStreams();
  http2?.close();
  undecided?.destroyAll();
  // Repeatedly: an answer begun before the stop may leave its connection open, idle, for a next request.
  const idle = setInterval(() => server.closeIdleConnections(), idleCheckIntervalMs);
  const deadline = setTimeout(() => {
    server.closeAllConnections();
    http2?.destroy();
  }, deadlineMs);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}

/** A header `Expect` of anything but 100-continue. Its body may never come, so the connection is not used again. */
function refuseExpectation(_: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify(
    errorBody('invalid_request', 'the header Expect may be 100-continue, and nothing else', {}),
  );
  response.writeHead(errorTable.invalid_request.status, { 'Content-Type': 'application/json', Connection: 'close' });
  response.end(body);
}

/** What Node's parser refuses never reaches a route; it gets the API's one shape of error all the same. */
function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, code, message] = unreadable(error.code);
  const body = JSON.stringify(errorBody(code, message, {}));
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function unreadable(code: string | undefined): [string, ApiErrorCode, string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [
        '413 Payload Too Large',
        'too_large',
        'the path and headers are larger than 65536 bytes; put long keys into /v1/txn',
      ];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['400 Bad Request', 'invalid_request', 'the request did not arrive whole within its time'];
    default:
      return ['400 Bad Request', 'invalid_request', 'this is not an HTTP/1.1 request'];
  }
}
