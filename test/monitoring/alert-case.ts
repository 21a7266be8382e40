/** What Prometheus has seen, minute by minute, and whether an alert fires on it. */

export type AlertCase = {
  readonly alert: string;
  /** Minutes after the start; the same for both. */
  readonly atMinutes: number;
  /** Series as promtool writes them: labelled name, values. */
  readonly firing: Readonly<Record<string, string>>;
  /** As near to firing as it may come without doing so. */
  readonly quiet: Readonly<Record<string, string>>;
  /** Of the alert that fires, beside its name and severity. */
  readonly labels: Readonly<Record<string, string>>;
};
