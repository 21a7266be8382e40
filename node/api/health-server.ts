/**
 * A port of its own for supervisors and monitoring, always plain HTTP: the kubelet and Prometheus have no client
 * certificate to show, and they ask also while the member is still reading its log.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiReadiness } from '../../client/types.ts';
import type { Member } from '../server/types.ts';
import type { HttpMetrics } from './context.ts';
import type { Drain } from './drain.ts';
import { prestop } from './prestop.ts';

/** What there is to ask once the member has opened its folder. */
export type Watched = { readonly member: Member; readonly metrics: HttpMetrics };

export type HealthServerOptions = {
  readonly listen: { readonly host: string; readonly port: number };
  readonly drain: Drain;
  readonly prestopTimeoutMs: number;
  /** What `/prestop/KEY` must end with: it takes this member out of Services. Null: `/prestop`, for anybody. */
  readonly prestopKey: string | null;
  /** As `PrestopOptions.drainMs`. */
  readonly drainMs: number;
  readonly onPrestop: (answer: object) => void;
};

export type HealthServer = {
  readonly address: AddressInfo;
  watch(watched: Watched): void;
  /** Waits for no answer: whoever asks now learns enough from being refused. */
  close(): Promise<void>;
};

type Call = (watched: Watched | null, request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const starting: ApiReadiness = {
  ready: false,
  checks: [{ name: 'state', ok: false, message: 'starting: it reads its log and its store' }],
};

/** Rejects with the system's error (EADDRINUSE, EACCES) when it cannot listen. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  let watched: Watched | null = null;
  const calls = callsOf(options);
  const server = createServer({ keepAliveTimeout: 75_000, requestTimeout: 10_000 }, (request, response) => {
    void serve(calls, watched, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen.port, options.listen.host, resolve);
  });
  return {
    address: server.address() as AddressInfo,
    watch: (ready) => {
      watched = ready;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function callsOf(options: HealthServerOptions): Map<string, Call> {
  const { drain, prestopTimeoutMs: timeoutMs, prestopKey, drainMs, onPrestop } = options;
  const livez: Call = (_watched, _request, response) => send(response, 200, 'text/plain; charset=utf-8', 'ok\n');
  const readyz: Call = (watched, request, response) => {
    const { ready, checks } = drain.readiness(watched?.member.readiness() ?? starting);
    const isVerbose = request.url!.endsWith('?verbose');
    sendJson(response, ready ? 200 : 503, {
      ready,
      // For a supervisor that would otherwise take a long replay for a member that is lost.
      ...(watched === null ? { opening: true } : {}),
      checks: isVerbose ? checks : checks.filter(({ ok }) => !ok),
    });
  };
  const metrics: Call = async (watched, _request, response) => {
    if (watched === null) return sendJson(response, 503, starting);
    const { contentType, text } = await watched.metrics.exposition();
    send(response, 200, contentType, text);
  };
  const beforeStop: Call = async (watched, _request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answer =
      watched === null
        ? { waited_ms: 0, quorum_critical: false }
        : await prestop({ status: () => watched.member.status(), drain, timeoutMs, drainMs }, gone.signal);
    onPrestop(answer);
    sendJson(response, 200, answer);
  };
  return new Map([
    ['/livez', livez],
    ['/readyz', readyz],
    ['/metrics', metrics],
    [prestopKey === null ? '/prestop' : `/prestop/${prestopKey}`, beforeStop],
  ]);
}

async function serve(
  calls: ReadonlyMap<string, Call>,
  watched: Watched | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url!.split('?', 1)[0]!;
  const call = calls.get(path);
  if (call === undefined)
    return sendJson(response, 404, { error: 'there is /livez, /readyz, /metrics and /prestop here' });
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return sendJson(response, 405, { error: `${path} takes GET` });
  }
  try {
    await call(watched, request, response);
  } catch (error) {
    sendJson(response, 500, { error: error instanceof Error ? error.message : String(error) });
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  send(response, status, 'application/json', `${JSON.stringify(body)}\n`);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
