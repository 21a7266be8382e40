/** The part of the metrics that the etcd API fills. */
import type { Metrics } from './metrics.ts';
import { series } from './series.ts';

export type ObserveCall = (path: string, code: string, seconds: number) => void;

/** Paths are those of methods that there are: the number of series stays bounded. */
export function grpcMetrics(metrics: Metrics): ObserveCall {
  const counters = new Map<string, { inc(): void }>();
  const timers = new Map<string, { observe(seconds: number): void }>();
  return (path, code, seconds) => {
    const method = path.slice(1);
    series(timers, method, () => metrics.grpcRequestSeconds.labels({ method })).observe(seconds);
    series(counters, `${method} ${code}`, () => metrics.grpcRequests.labels({ method, code })).inc();
  };
}
