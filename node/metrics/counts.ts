/**
 * A counter with labels that costs next to nothing to count in: prom-client's own finds its series by the text of the
 * labels, each time anew.
 */
import type { Metric, Registry } from 'prom-client';

export class Counts<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly L[];
  readonly #series: CountSeries[] = [];

  constructor(registry: Registry, name: string, help: string, labelNames: readonly L[]) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    // Of a metric the registry only asks its name and what `get` resolves with.
    registry.registerMetric(this as unknown as Metric<string>);
  }

  /** To be kept by the caller, and added once for the same labels. */
  addSeries(labels: Readonly<Record<L, string>>): CountSeries {
    const series = new CountSeries(labels);
    this.#series.push(series);
    return series;
  }

  get(): Promise<object> {
    const values = this.#series.map(({ labels, value }) => ({ labels, value }));
    return Promise.resolve({ name: this.name, help: this.help, type: 'counter', aggregator: 'sum', values });
  }
}

export class CountSeries {
  readonly labels: Readonly<Record<string, string>>;
  value = 0;

  constructor(labels: Readonly<Record<string, string>>) {
    this.labels = labels;
  }
}
