/** The chart: what it makes, what it refuses, and that what is checked in beside it is what it makes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { parse } from 'yaml';
import { addOperatorSettings, operatorFlags, parseOperatorConfig } from '../../operator/config.ts';
import { CHART, helm, type Manifest, only, render, withoutHelm } from './helm.ts';

const everything = ['metrics.podMonitor.enabled=true', 'prometheusRule.enabled=true', 'dashboards.enabled=true'];

describe('the chart', { skip: withoutHelm }, () => {
  test('passes lint, whatever is switched on', () => {
    for (const values of [[], everything, [...everything, 'scope=Namespace', 'rbac.nodes=false', 'replicas=1']]) {
      const { status, output } = helm('lint', values);
      assert.equal(status, 0, output);
    }
  });

  test('keeps the kind RaftCluster on uninstall, which is else the one in crds/', () => {
    const { metadata, ...content } = only(render(), 'CustomResourceDefinition');
    const folder = fileURLToPath(new URL('../../crds/', import.meta.url));
    const { metadata: original, ...expected } = parse(
      readFileSync(`${folder}${readdirSync(folder)[0]}`, { encoding: 'utf8' }),
    ) as Manifest;
    assert.deepEqual(content, expected);
    assert.equal(metadata.name, original.name);
    assert.equal(metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    assert.equal(render('crds.install=false').filter(({ kind }) => kind === 'CustomResourceDefinition').length, 0);
  });

  test("runs two operators under the restricted standard, with flags that the operator's settings know", () => {
    const { spec } = only(render(), 'Deployment');
    assert.equal(spec.replicas, 2);
    const pod = spec.template.spec;
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
    const [container] = pod.containers;
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.equal(container.livenessProbe.httpGet.path, '/livez');
    assert.equal(container.readinessProbe.httpGet.path, '/readyz');

    const config = operatorConfig(container.args);
    assert.equal(config.image, container.image);
    assert.equal(config.namespace, null);
    assert.equal(config.listen, `[::]:${container.ports[0].containerPort}`);
  });

  test('watches its own namespace alone with scope=Namespace, and has rights nowhere else', () => {
    const manifests = render('scope=Namespace');
    const [container] = only(manifests, 'Deployment').spec.template.spec.containers;
    assert.equal(operatorConfig(container.args).namespace, 'quorate-system');
    const { rules } = only(manifests, 'ClusterRole');
    assert.deepEqual(
      rules.map(({ resources, verbs }: Rule) => [resources, verbs]),
      [
        [['nodes'], ['get', 'list', 'watch']],
        [['storageclasses'], ['list', 'watch']],
      ],
    );
    const withoutNodes = render('scope=Namespace', 'rbac.nodes=false');
    assert.equal(withoutNodes.filter(({ kind }) => kind.startsWith('ClusterRole')).length, 0);
  });

  test('gives the same rights in one namespace as in all', () => {
    const namespaced = only(render('scope=Namespace'), 'Role').rules as Rule[];
    const ofAll = render();
    const clusterWide = ofAll.find(
      ({ kind, metadata }) => kind === 'ClusterRole' && metadata.name.endsWith('-operator'),
    );
    for (const rule of namespaced) {
      const own = only(ofAll, 'Role').rules as Rule[];
      const granted = [...(clusterWide!.rules as Rule[]), ...own].map((one) => JSON.stringify(one));
      assert.ok(granted.includes(JSON.stringify(rule)), JSON.stringify(rule));
    }
  });

  test('asks for a budget only where there are operators to spare', () => {
    assert.equal(only(render(), 'PodDisruptionBudget').spec.maxUnavailable, 1);
    assert.equal(render('replicas=1').filter(({ kind }) => kind === 'PodDisruptionBudget').length, 0);
  });

  test('ships dashboards that the sidecar finds, as they are checked in', () => {
    const maps = render('dashboards.enabled=true').filter(({ kind }) => kind === 'ConfigMap');
    assert.equal(maps.length, 2);
    for (const { metadata, data } of maps) {
      assert.equal(metadata.labels?.['grafana_dashboard'], '1');
      const [[name, content]] = Object.entries(data as Record<string, string>) as [[string, string]];
      const file = `${CHART}/files/dashboards/${name.replace('quorate-', '')}`;
      assert.deepEqual(JSON.parse(content), JSON.parse(readFileSync(file, { encoding: 'utf8' })));
    }
  });

  test('makes manifests of every value that may be taken away', () => {
    const without = render('dashboards.enabled=true', 'dashboards.labels.grafana_dashboard=null', 'resources=null');
    assert.equal(without.filter(({ kind }) => kind === 'ConfigMap').length, 2);
  });

  test("ships the operator's alerts, those of members when asked, and addresses of runbooks when known", () => {
    const alerts = (...values: string[]): AlertRule[] =>
      only(render('prometheusRule.enabled=true', ...values), 'PrometheusRule').spec.groups.flatMap(
        ({ rules }: { rules: AlertRule[] }) => rules,
      );
    const count = (of: string): number => readdirSync(`${CHART}/files/alerts/${of}`).length;
    assert.equal(alerts().length, count('operator'));
    const all = alerts('prometheusRule.members=true', 'prometheusRule.runbooks=https://docs.example/runbooks/');
    assert.equal(all.length, count('operator') + count('members'));
    // Not from the clusters as well, unless they are told to.
    const knowsOf = (...values: string[]): boolean =>
      operatorConfig(only(render(...values), 'Deployment').spec.template.spec.containers[0].args).chartAlerts;
    assert.equal(knowsOf('prometheusRule.enabled=true', 'prometheusRule.members=true'), true);
    assert.equal(knowsOf('prometheusRule.enabled=true'), false);
    assert.equal(knowsOf('prometheusRule.members=true'), false);
    for (const { alert, annotations } of all) {
      assert.equal(annotations['runbook_url'], `https://docs.example/runbooks/${alert}.md`);
    }
  });

  test('refuses values that it does not know, and values that cannot be', () => {
    const wrong = [
      'replica=3',
      'replicas=0',
      'scope=cluster',
      'image.digest=latest',
      'image.tag=a b',
      'logLevel=verbose',
      'rbac.secrets=true',
      'metrics.podMonitor.interval=often',
      'prometheusRule.runbooks=docs',
      'tolerations.key=x',
      'affinity.nodeAffinty.x=y',
      'serviceAccount.create=yes please',
      // What the chart selects by, and what it reads from everywhere.
      'podLabels.app\\.kubernetes\\.io/name=x',
      'dashboards.labels.helm\\.sh/chart=x',
      'image=null',
      'metrics.service=null',
    ];
    for (const value of wrong) {
      const { status, output } = helm('template', [value]);
      assert.notEqual(status, 0, `${value} is taken`);
      assert.match(output, /values don't meet the specifications|additional properties|schema/i, value);
    }
  });

  test('takes what Helm hands to a dependency', () => {
    // `condition: quorate.enabled` in the Chart.yaml above reaches this chart as a value.
    const { status, output } = helm('template', ['enabled=true', 'global.imageRegistry=x']);
    assert.equal(status, 0, output);
  });

  test('every value of values.yaml is in the schema, with what is below it', () => {
    const read = (file: string): string => readFileSync(`${CHART}/${file}`, { encoding: 'utf8' });
    assertClosed(parse(read('values.yaml')), JSON.parse(read('values.schema.json')), '');
  });

  test('makes deploy/operator.yaml, and has the CRD of crds/', () => {
    const { status, stderr } = spawnSync(process.execPath, ['tools/manifests.ts', '--check'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    });
    assert.equal(status, 0, `${stderr}npm run manifests mends it`);
  });
});

type Rule = { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] };
type AlertRule = { readonly alert: string; readonly annotations: Readonly<Record<string, string>> };
type Schema = { readonly properties?: Record<string, Schema>; readonly additionalProperties?: unknown };

function operatorConfig(args: readonly string[]): ReturnType<typeof parseOperatorConfig> {
  const [first, ...flags] = args;
  assert.equal(first, 'operator');
  const command = addOperatorSettings(new Command('operator')).exitOverride();
  command.parse(flags, { from: 'user' });
  return parseOperatorConfig(operatorFlags(command), {});
}

function assertClosed(values: unknown, schema: Schema, path: string): void {
  if (typeof values !== 'object' || values === null || Array.isArray(values) || schema.properties === undefined) return;
  assert.equal(schema.additionalProperties, false, `${path || 'values'} takes anything`);
  for (const [name, value] of Object.entries(values)) {
    const property = schema.properties[name];
    assert.ok(property, `${path}${name} is not in the schema`);
    assertClosed(value, property, `${path}${name}.`);
  }
}
