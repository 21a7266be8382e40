/** The part of the metrics that the API fills, and the text of `GET /metrics`. */
import { collect, type MetricSources } from './collect.ts';
import type { CountSeries } from './counts.ts';
import type { Metrics } from './metrics.ts';
import { series } from './series.ts';
import type { TimingSeries } from './timings.ts';

export type HttpMetrics = {
  /** `route` is a template such as `/v1/kv/:key`: the number of series stays bounded. */
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  /** The Prometheus text format. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
};

/** Of one method of one route. */
type Answers = { readonly seconds: TimingSeries; readonly codes: Map<number, CountSeries> };

export function httpMetrics(metrics: Metrics, sources: MetricSources): HttpMetrics {
  const routes = new Map<string, Map<string, Answers>>();
  return {
    observeRequest: (method, route, status, seconds) => {
      const methods = series(routes, route, () => new Map<string, Answers>());
      const answers = series(methods, method, () => ({
        seconds: metrics.httpRequestSeconds.addSeries({ method, route }),
        codes: new Map<number, CountSeries>(),
      }));
      answers.seconds.observe(seconds);
      series(answers.codes, status, () =>
        metrics.httpRequests.addSeries({ method, route, code: String(status) }),
      ).value += 1;
    },
    exposition: async () => {
      await collect(metrics, sources);
      return { contentType: metrics.registry.contentType, text: await metrics.registry.metrics() };
    },
  };
}
