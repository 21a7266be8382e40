/** The part of the metrics that the API fills, and the text of `GET /metrics`. */
import { collect, type MetricSources } from './collect.ts';
import type { Metrics } from './metrics.ts';
import { series } from './series.ts';

export type HttpMetrics = {
  /** `route` is a template such as `/v1/kv/:key`: the number of series stays bounded. */
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  /** The Prometheus text format. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
};

export function httpMetrics(metrics: Metrics, sources: MetricSources): HttpMetrics {
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
