/** One metric with its matchers, in PromQL. */

/** @param labels as for `Alert.expr` */
export function series(metric: string, labels: string, ...more: readonly string[]): string {
  const matchers = [labels, ...more].filter((matcher) => matcher !== '').join(',');
  return matchers === '' ? metric : `${metric}{${matchers}}`;
}

/** Of a histogram, for each set of `by`, over the last five minutes. */
export function quantile(q: number, histogram: string, labels: string, by: string): string {
  return `histogram_quantile(${q}, sum by (${by}, le) (rate(${series(`${histogram}_bucket`, labels)}[5m])))`;
}
