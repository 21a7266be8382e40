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
      let timer = timers.get(timed);
      if (timer === undefined) timers.set(timed, (timer = metrics.httpRequestSeconds.labels({ method, route })));
      timer.observe(seconds);
      const counted = `${timed} ${status}`;
      let counter = counters.get(counted);
      if (counter === undefined) {
        counters.set(counted, (counter = metrics.httpRequests.labels({ method, route, code: String(status) })));
      }
      counter.inc();
    },
    exposition: async () => {
      await collect(metrics, sources);
      return { contentType: metrics.registry.contentType, text: await metrics.registry.metrics() };
    },
  };
}
