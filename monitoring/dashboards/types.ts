/** A dashboard as data: what its panels ask, leaving out where they stand and how they look. */

export type Query = {
  readonly expr: string;
  /** As Grafana writes it: `{{pod}}`. */
  readonly legend: string;
};

export type Panel = {
  /** `stat`: the present value as a number. */
  readonly kind: 'timeseries' | 'stat';
  readonly title: string;
  /** What it shows, and what to make of it. */
  readonly description: string;
  /** Of Grafana: `s`, `bytes`, `ops`, `percentunit`, `none`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** A stat is red from here on. */
  readonly redFrom?: number;
  /** A stat is red below this. */
  readonly redBelow?: number;
};

export type Row = { readonly title: string; readonly panels: readonly Panel[] };

export type Variable = {
  readonly name: string;
  readonly label: string;
  /** As `label_values(metric, label)`. */
  readonly query: string;
};

export type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
};
