/** The part of the metrics that the API fills, and the text of `GET /metrics`. */
import { collect, type MetricSources } from './collect.ts';
import type { Metrics } from './metrics.ts';

export type HttpMetrics = {
  /** `route` is a template such as `/v1/kv/:key`: the number of series stays bounded. */
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  /** The Prometheus text format. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
};

export function httpMetrics(metrics: Metrics, sources: MetricSources): HttpMetrics {
  // Looking a series up by its labels costs more than counting in it: each request would pay for it twice.
  const counters = new Map<string, { inc(): void }>();
  const timers = new Map<string, { observe(seconds: number): void }>();
  return {
    observeRequest: (method, route, status, seconds) => {
      const timed = `${method} ${route}`;
      series(timers, timed, () => metrics.httpRequestSeconds.labels({ method, route })).observe(seconds);
      const counted = `${timed} ${status}`;
      series(counters, counted, () => metrics.httpRequests.labels({ method, route, code: String(status) })).inc();
    },
    exposition: async () => {
      await collect(metrics, sources);
      return { contentType: metrics.registry.contentType, text: await metrics.registry.metrics() };
    },
  };
}

function series<T>(known: Map<string, T>, name: string, create: () => T): T {
  const found = known.get(name);
  if (found !== undefined) return found;
  const created = create();
  known.set(name, created);
  return created;
}
