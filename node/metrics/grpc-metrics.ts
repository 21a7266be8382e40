/** The part of the metrics that the etcd API fills. */
import type { CountSeries } from './counts.ts';
import type { Metrics } from './metrics.ts';
import { series } from './series.ts';
import type { TimingSeries } from './timings.ts';

export type ObserveCall = (path: string, code: string, seconds: number) => void;

/** Paths are those of methods that there are: the number of series stays bounded. */
export function grpcMetrics(metrics: Metrics): ObserveCall {
  const known = new Map<string, { readonly timer: TimingSeries; readonly counts: Map<string, CountSeries> }>();
  return (path, code, seconds) => {
    const { timer, counts } = series(known, path, () => ({
      timer: metrics.grpcRequestSeconds.addSeries({ method: path.slice(1) }),
      counts: new Map(),
    }));
    timer.observe(seconds);
    series(counts, code, () => metrics.grpcRequests.addSeries({ method: path.slice(1), code })).value += 1;
  };
}
