/**
 * The client port of a member: the HTTP API, the etcd API over gRPC and its JSON gateway, the page, metrics. All of them
 * ask the same member and share one listener.
 */
import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ApiReadiness } from '../client/types.ts';
import type { Addresses } from './addresses.ts';
import { type AdminAuth, assertAdmin } from './api/admin-auth.ts';
import { type ApiLimits, defaultApiLimits } from './api/context.ts';
import type { Drain } from './api/drain.ts';
import type { HealthServer } from './api/health-server.ts';
import { createHttpApi } from './api/http-api.ts';
import { type HttpServer, startHttpServer } from './api/http-server.ts';
import { assertSameOrigin } from './api/origin.ts';
import { statusOverHttp } from './api/status-over-http.ts';
import type { Config } from './config/config.ts';
import { type EtcdLimits, fixedLimits } from './etcd/context.ts';
import { createEtcdApi } from './etcd/etcd-api.ts';
import { grpcMetrics } from './metrics/grpc-metrics.ts';
import { httpMetrics } from './metrics/http-metrics.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Tokens } from './server/auth-token.ts';
import type { LocalMember } from './server/member.ts';
import type { Observer } from './server/observer.ts';
import { clientCredentials } from './tls-files.ts';
import type { ReloadingTls } from './transport/tls.ts';
import { VERSION } from './version.ts';

/** JSON needs more room than the bytes that it carries: base64 and escapes. */
const JSON_OVERHEAD = 1.7;

export type ClientPortParts = {
  readonly config: Config;
  readonly addresses: Addresses;
  readonly member: LocalMember;
  readonly tokens: Tokens;
  readonly log: Observer['log'];
  readonly metrics: Metrics;
  readonly drain: Drain;
  readonly health: HealthServer | null;
  readonly peerTls: ReloadingTls | null;
  readonly clientTls: ReloadingTls | null;
};

export function startClientPort({
  config,
  addresses,
  member,
  tokens,
  log,
  metrics,
  drain,
  health,
  peerTls,
  clientTls,
}: ClientPortParts): Promise<HttpServer> {
  const authority = config.clientTls?.caFile ?? null;
  const readiness = (): ApiReadiness => drain.readiness(member.readiness());
  const shownMetrics = httpMetrics(metrics, {
    status: () => member.status(),
    isReady: () => readiness().ready,
    disk: () => diskOf(resolve(config.dataDir)),
    certificates: () => [
      ...(peerTls === null ? [] : [{ use: 'peer' as const, notAfterMs: peerTls.notAfterMs }]),
      ...(clientTls === null ? [] : [{ use: 'client' as const, notAfterMs: clientTls.notAfterMs }]),
    ],
    peers: () => member.replica?.peers.states() ?? [],
    counts: () => member.counts(),
  });
  health?.watch({ member, metrics: shownMetrics });
  const logger = { error: (fields: object, event: string) => log('error', event, { ...fields }) };
  const adminAuth: AdminAuth = {
    tokenFile: config.adminTokenFile,
    certificateNames: authority === null ? null : 'Any',
  };
  const api = createHttpApi({
    member,
    metrics: shownMetrics,
    drain,
    adminAuth,
    tokens,
    limits: apiLimits(config),
    logger,
    version: VERSION,
    statusOf: statusOverHttp(() => clientCredentials(config)),
  });
  const { grpc, gateway } = createEtcdApi(
    {
      member,
      readiness,
      version: VERSION.etcdserver,
      peerScheme: config.peerTls === null ? 'http' : 'https',
      limits: etcdLimits(config),
      assertAdmin: async (request) => void (await assertAdmin(adminAuth, request, logger)),
      tokens,
      log: logger,
      observe: grpcMetrics(metrics),
    },
    assertSameOrigin,
  );
  const whenGiven = config.clientTls?.requireClientCert === true ? 'Require' : 'Request';
  const clientCertificates = authority === null ? 'None' : whenGiven;
  return startHttpServer({
    api: {
      listener: (request, response) => {
        if (!gateway.serve(request, response)) api.listener(request, response);
      },
      endStreams: () => {
        api.endStreams();
        gateway.endStreams();
      },
    },
    listen: addresses.listenClient,
    tls: clientTls === null ? null : { files: clientTls, clientCertificates },
    http2: grpc,
  });
}

function apiLimits(config: Config): ApiLimits {
  return {
    ...defaultApiLimits,
    maxValueBytes: config.maxRequestBytes,
    maxTxnOperations: config.maxTxnOperations,
    maxJsonBytes: Math.ceil(config.maxRequestBytes * JSON_OVERHEAD),
    defaultTimeoutMs: config.requestTimeoutMs,
  };
}

function etcdLimits(config: Config): EtcdLimits {
  return {
    ...fixedLimits,
    maxRequestBytes: config.maxRequestBytes,
    maxTxnOperations: config.maxTxnOperations,
    requestTimeoutMs: config.requestTimeoutMs,
    electionTimeoutMs: config.electionTimeoutMs,
    watchProgressIntervalMs: config.watchProgressIntervalMs,
  };
}

async function diskOf(folder: string): Promise<{ freeBytes: number; sizeBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
}
