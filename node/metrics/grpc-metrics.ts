/** The part of the metrics that the etcd API fills. */
import type { Metrics } from './metrics.ts';
import { series } from './series.ts';
import type { TimingSeries } from './timings.ts';

export type ObserveCall = (path: string, code: string, seconds: number) => void;

/** Paths are those of methods that there are: the number of series stays bounded. */
export function grpcMetrics(metrics: Metrics): ObserveCall {
  const known = new Map<string, { readonly timer: TimingSeries; readonly counters: Map<string, { inc(): void }> }>();
  return (path, code, seconds) => {
    const { timer, counters } = series(known, path, () => ({
      timer: metrics.grpcRequestSeconds.labels({ method: path.slice(1) }),
      counters: new Map(),
    }));
    timer.observe(seconds);
    series(counters, code, () => metrics.grpcRequests.labels({ method: path.slice(1), code })).inc();
  };
}
