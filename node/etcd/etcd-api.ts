/**
 * The etcd v3 API of one member, with two doors to the same methods: gRPC, and JSON for those who speak HTTP/1.1. It
 * shares the client port with the HTTP API, which hands over the connections that begin as HTTP/2:
 *
 *     const { grpc, gateway } = createEtcdApi(options, assertSameOrigin);
 *     await startHttpServer({ …, http2: grpc });
 */
import type { IncomingHttpHeaders } from 'node:http';
import { EtcdContext, type EtcdOptions } from './context.ts';
import { errorOf, etcdError } from './errors.ts';
import { Gateway } from './gateway/gateway.ts';
import { GrpcServer } from './grpc/server.ts';
import { type Code, codeName } from './grpc/status.ts';
import { LeaderMonitor } from './leader-monitor.ts';
import { allMethods } from './methods.ts';

/** gRPC's share of a message, above what etcd lets a request have. */
const GRPC_OVERHEAD_BYTES = 512 * 1024;

export type EtcdApi = { readonly grpc: GrpcServer; readonly gateway: Gateway };

/** @param assertSameOrigin as the HTTP API has it; for the gateway */
export function createEtcdApi(options: EtcdOptions, assertSameOrigin: (headers: IncomingHttpHeaders) => void): EtcdApi {
  const { limits, member, observe: told } = options;
  const etcd = new EtcdContext(options);
  const methods = allMethods(etcd);
  const log = (cause: unknown, path: string): void => options.log.error({ err: cause, path }, 'etcd_request_failed');
  const observe = (path: string, code: Code, seconds: number): void => told?.(path, codeName(code), seconds);
  const leader = new LeaderMonitor(member, limits.electionTimeoutMs);
  const grpc = new GrpcServer({
    methods,
    limits: {
      maxMessageBytes: limits.maxRequestBytes + GRPC_OVERHEAD_BYTES,
      maxCalls: limits.maxCalls,
      maxBufferedBytes: limits.maxBufferedBytes,
      maxTimeoutMs: limits.requestTimeoutMs,
      pingIntervalMs: limits.pingIntervalMs,
    },
    answers: member.answers,
    before: (call, kind) => {
      if (call.metadata('hasleader') !== 'true') return;
      leader.assertLeader();
      if (kind !== 'Unary') leader.watch(call);
    },
    errorOf: (error, call) => errorOf(error, call, log),
    observe,
    stopped: etcdError('stopped'),
    tooMany: etcdError('tooManyRequests'),
  });
  return { grpc, gateway: new Gateway({ etcd, methods, assertSameOrigin, observe, log }) };
}
