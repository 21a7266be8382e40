/** `grpc.health.v1.Health`, for load balancers: the same that `/health` tells of. */
import type { EtcdContext } from '../context.ts';
import type { Call } from '../grpc/call.ts';
import { type Methods, type Send, serverStream, unary } from '../grpc/method.ts';
import { Code, GrpcError } from '../grpc/status.ts';
import { reflected } from '../proto/reflected.ts';

type HealthResponse = { readonly status: number };

const request = reflected<{ service: string }>('grpc.health.v1.HealthCheckRequest');
const response = reflected<HealthResponse>('grpc.health.v1.HealthCheckResponse');

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;
/** Readiness also changes by the mere passing of time without a leader. */
const LOOK_EVERY_MS = 500;

/** @param services whose health can be asked for: that of each is the server's */
export function healthMethods(etcd: EtcdContext, services: () => readonly string[]): Methods {
  const statusOf = (service: string): number => {
    if (service !== '' && !services().includes(service)) return SERVICE_UNKNOWN;
    return etcd.health().ready ? SERVING : NOT_SERVING;
  };
  return {
    '/grpc.health.v1.Health/Check': unary(request.decode, response.encode, async ({ service }) => {
      const status = statusOf(service);
      if (status === SERVICE_UNKNOWN) throw new GrpcError(Code.NotFound, 'unknown service');
      return { status };
    }),
    '/grpc.health.v1.Health/Watch': serverStream(request.decode, response.encode, ({ service }, call, send) =>
      watch(() => statusOf(service), call, send),
    ),
  };
}

async function watch(statusNow: () => number, call: Call, send: Send<HealthResponse>): Promise<void> {
  const { signal } = call;
  let told = statusNow();
  await send({ status: told });
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const status = statusNow();
      if (status !== told) void send({ status });
      told = status;
    }, LOOK_EVERY_MS).unref();
    const stop = (): void => {
      clearInterval(timer);
      resolve();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
