/** Every alert fires when it should and is quiet when it should be, in the words of promtool. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { memberAlerts } from '../../monitoring/alerts/member-alerts.ts';
import { operatorAlerts } from '../../monitoring/alerts/operator-alerts.ts';
import { type Alert, ruleGroup } from '../../monitoring/alerts/types.ts';
import type { AlertCase } from './alert-case.ts';
import { memberAlertCases } from './member-alert-cases.ts';
import { operatorAlertCases } from './operator-alert-cases.ts';
import { withoutPrometheus } from './promtool.ts';

const alerts: readonly Alert[] = [...memberAlerts, ...operatorAlerts];
const cases: readonly AlertCase[] = [...memberAlertCases, ...operatorAlertCases];
const folder = mkdtempSync(path.join(tmpdir(), 'quorate-alerts-'));
after(() => rmSync(folder, { recursive: true }));

test('every alert has one case', () => {
  assert.deepEqual(cases.map(({ alert }) => alert).sort(), alerts.map(({ name }) => name).sort());
});

describe('fires, and is quiet', { skip: withoutPrometheus }, () => {
  for (const example of cases) {
    test(example.alert, () => {
      const alert = alerts.find(({ name }) => name === example.alert)!;
      const rules = path.join(folder, `${alert.name}.yaml`);
      writeFileSync(rules, stringify({ groups: [ruleGroup(alert)] }));
      assert.equal(promtool('test', writeTests(rules, alert, example)), '');
    });
  }
});

test('of a scoped alert every series is scoped', () => {
  const scope = 'namespace="shop",quorate_dev_cluster="db"';
  for (const alert of memberAlerts) {
    const metrics = alert.expr(scope).match(/\b(?:quorate_\w+|up)\{[^}]*\}/g) ?? [];
    const all = alert.expr('').match(/\b(?:quorate_(?!dev_cluster)\w+|up\{)/g) ?? [];
    assert.equal(metrics.length, all.length, alert.name);
    for (const metric of metrics) assert.ok(metric.includes(`{${scope}`), `${alert.name}: ${metric}`);
  }
});

test('every alert names only labels that it has', () => {
  for (const { name, summary, description } of alerts) {
    const { labels } = cases.find(({ alert }) => alert === name)!;
    for (const [, label] of `${summary}${description}`.matchAll(/\$labels\.(\w+)/g)) {
      assert.ok(label! in labels, `${name} names ${label}`);
    }
  }
});

test('every alert has a runbook, and every runbook an alert', () => {
  for (const { name } of alerts) {
    const file = new URL(`../../docs/runbooks/${name}.md`, import.meta.url);
    assert.ok(existsSync(file), `docs/runbooks/${name}.md`);
    const page = readFileSync(file, { encoding: 'utf8' });
    for (const part of [`# ${name}\n`, '\n## Meaning\n', '\n## Impact\n', '\n## Diagnosis\n', '\n## Mitigation\n']) {
      assert.ok(page.includes(part), `docs/runbooks/${name}.md has no "${part.trim()}"`);
    }
  }
});

function writeTests(rules: string, alert: Alert, example: AlertCase): string {
  const expected = { ...example.labels, alertname: alert.name, alertstate: 'firing', severity: alert.severity };
  const matchers = Object.entries(expected).map(([name, value]) => `${name}="${value}"`);
  const run = (series: Readonly<Record<string, string>>, isFiring: boolean): object => ({
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: `ALERTS{alertname="${alert.name}",alertstate="firing"}`,
        eval_time: `${example.atMinutes}m`,
        exp_samples: isFiring ? [{ labels: `ALERTS{${matchers.join(',')}}`, value: 1 }] : [],
      },
    ],
  });
  const file = path.join(folder, `${alert.name}.test.yaml`);
  writeFileSync(
    file,
    stringify({
      rule_files: [rules],
      evaluation_interval: '1m',
      tests: [run(example.firing, true), run(example.quiet, false)],
    }),
  );
  return file;
}

/** What it complains about. */
function promtool(command: 'test', file: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', [command, 'rules', file], { encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`;
}
