/**
 * The etcd v3 API of one member. It shares the client port with the HTTP API, which hands over the connections that
 * begin as HTTP/2:
 *
 *     const etcd = createEtcdApi({ member, limits, log });
 *     await startHttpServer({ …, http2: etcd });
 */
import type { IncomingHttpHeaders } from 'node:http';
import { EtcdContext, type EtcdOptions } from './context.ts';
import { errorOf, etcdError } from './errors.ts';
import { Gateway } from './gateway/gateway.ts';
import { GrpcServer } from './grpc/server.ts';
import { LeaderMonitor } from './leader-monitor.ts';
import { allMethods } from './methods.ts';

/** gRPC's share of a message, above what etcd lets a request have. */
const GRPC_OVERHEAD_BYTES = 512 * 1024;

export function createEtcdApi(options: EtcdOptions): GrpcServer {
  const { limits, log, member } = options;
  const etcd = new EtcdContext(options);
  const leader = new LeaderMonitor(member, limits.electionTimeoutMs);
  return new GrpcServer({
    methods: allMethods(etcd),
    limits: {
      maxMessageBytes: limits.maxRequestBytes + GRPC_OVERHEAD_BYTES,
      maxCalls: limits.maxCalls,
      maxBufferedBytes: limits.maxBufferedBytes,
      maxTimeoutMs: limits.requestTimeoutMs,
      pingIntervalMs: limits.pingIntervalMs,
    },
    before: (call, kind) => {
      if (call.metadata('hasleader') !== 'true') return;
      leader.assertLeader();
      if (kind !== 'Unary') leader.watch(call);
    },
    errorOf: (error, call) =>
      errorOf(error, call, (cause, path) => log.error({ err: cause, path }, 'etcd_request_failed')),
    stopped: etcdError('stopped'),
    tooMany: etcdError('tooManyRequests'),
  });
}

/**
 * The same for those who speak HTTP/1.1 and JSON.
 *
 * @param assertSameOrigin as the HTTP API has it
 */
export function createEtcdGateway(
  options: EtcdOptions,
  assertSameOrigin: (headers: IncomingHttpHeaders) => void,
): Gateway {
  const etcd = new EtcdContext(options);
  return new Gateway({
    etcd,
    methods: allMethods(etcd),
    assertSameOrigin,
    log: (cause, path) => options.log.error({ err: cause, path }, 'etcd_request_failed'),
  });
}
