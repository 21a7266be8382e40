/** What an alert is, and what becomes of it. One file an alert; each has a page in docs/runbooks. */

/** `critical`: clients feel it, or data is at stake: wake someone. `warning`: in working hours. `info`: good to know. */
export type Severity = 'critical' | 'warning' | 'info';

export type Alert = {
  /** Also the name of its page: docs/runbooks/NAME.md. */
  readonly name: string;
  readonly severity: Severity;
  /** As Prometheus writes durations: how long it must hold. */
  readonly for: string;
  /** @param labels matchers for every series, without braces, as `namespace="a",quorate_dev_cluster="b"`; empty for all */
  readonly expr: (labels: string) => string;
  /** One line, with `{{ $labels.x }}` where it names something. */
  readonly summary: string;
  /** What it means for users, and what to look at first. */
  readonly description: string;
};

export type RuleGroup = {
  readonly name: string;
  readonly rules: readonly {
    readonly alert: string;
    readonly expr: string;
    readonly for: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
};

/**
 * A group of Prometheus rules with this one alert.
 *
 * @param labels as for `Alert.expr`
 */
export function ruleGroup(alert: Alert, labels = ''): RuleGroup {
  return {
    name: alert.name,
    rules: [
      {
        alert: alert.name,
        expr: alert.expr(labels),
        for: alert.for,
        labels: { severity: alert.severity },
        annotations: {
          summary: alert.summary,
          description: alert.description,
          // The chart makes a runbook_url of it where it is told an address.
          runbook: `docs/runbooks/${alert.name}.md`,
        },
      },
    ],
  };
}
