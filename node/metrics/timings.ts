/**
 * A histogram of seconds that costs next to nothing to count in, and leaves no garbage: prom-client's own finds its
 * bucket by the text of the bound and its series by the text of the labels, for each value anew.
 */
import type { Metric, Registry } from 'prom-client';

/** They reach from an fsync on a fast disk to a request that waits out its timeout. */
const BOUNDS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

type Value = {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export class Timings<L extends string = never> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly L[];
  readonly #series: TimingSeries[] = [];
  readonly #unlabelled: TimingSeries | null;

  /** @param labelNames none for a single series, which is shown before anything was counted */
  constructor(registry: Registry, name: string, help: string, labelNames: readonly L[]) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.#unlabelled = labelNames.length > 0 ? null : this.#add({});
    // The registry asks a metric only for its name and for what `get` resolves with.
    registry.registerMetric(this as unknown as Metric<string>);
  }

  observe(this: Timings<never>, seconds: number): void {
    this.#unlabelled?.observe(seconds);
  }

  /** To be kept by the caller, and added once for the same labels. */
  addSeries(labels: Readonly<Record<L, string>>): TimingSeries {
    return this.#add(labels);
  }

  get(): Promise<object> {
    const values = this.#series.flatMap((series) => series.values(this.name));
    return Promise.resolve({ name: this.name, help: this.help, type: 'histogram', aggregator: 'sum', values });
  }

  #add(labels: Readonly<Record<string, string>>): TimingSeries {
    const series = new TimingSeries(labels);
    this.#series.push(series);
    return series;
  }
}

export class TimingSeries {
  readonly #labels: Readonly<Record<string, string>>;
  /** One more than bounds: the last is for what is above all of them. */
  readonly #counts: Float64Array = new Float64Array(BOUNDS.length + 1);
  /** It lies in an array, where a number that changes needs no new memory. */
  readonly #sum: Float64Array = new Float64Array(1);

  constructor(labels: Readonly<Record<string, string>>) {
    this.#labels = labels;
  }

  observe(seconds: number): void {
    let at = 0;
    while (at < BOUNDS.length && seconds > BOUNDS[at]!) at++;
    this.#counts[at]! += 1;
    this.#sum[0]! += seconds;
  }

  values(name: string): Value[] {
    const labels = this.#labels;
    let count = 0;
    const buckets = [...BOUNDS.map(String), '+Inf'].map((le, at) => {
      count += this.#counts[at]!;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum[0]! },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
