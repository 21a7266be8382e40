/** The part of the metrics that the etcd API fills. */
import type { Metrics } from './metrics.ts';

export type ObserveCall = (path: string, code: string, seconds: number) => void;

type Series = {
  readonly timer: { observe(seconds: number): void };
  readonly counters: Map<string, { inc(): void }>;
};

/** Paths are those of methods that there are: the number of series stays bounded. */
export function grpcMetrics(metrics: Metrics): ObserveCall {
  // Looking a series up by its labels costs more than counting in it: each call would pay for it twice.
  const known = new Map<string, Series>();
  return (path, code, seconds) => {
    let series = known.get(path);
    if (series === undefined) {
      const method = path.slice(1);
      series = { timer: metrics.grpcRequestSeconds.labels({ method }), counters: new Map() };
      known.set(path, series);
    }
    let counter = series.counters.get(code);
    if (counter === undefined) {
      counter = metrics.grpcRequests.labels({ method: path.slice(1), code });
      series.counters.set(code, counter);
    }
    counter.inc();
    series.timer.observe(seconds);
  };
}
