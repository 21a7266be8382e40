/**
 * The chart's roles against what the operator's code asks for: nothing that it needs is missing, and nothing is granted
 * that no line of it uses. The code is read as text: calls of KubeApi name their kind.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as kinds from '../../operator/kube/kinds.ts';
import type { Kind, KubeObject } from '../../operator/kube/types.ts';
import { raftClusterKind } from '../../operator/observe/cluster-kind.ts';
import { prunedKinds } from '../../operator/resources/child-objects.ts';
import { grafanaDashboardKind } from '../../operator/resources/grafana-dashboard.ts';
import { podMonitorKind } from '../../operator/resources/pod-monitor.ts';
import { prometheusRuleKind } from '../../operator/resources/prometheus-rule.ts';
import { type Manifest, render, withoutHelm } from './helm.ts';

const OPERATOR = fileURLToPath(new URL('../../operator', import.meta.url));
const known = {
  ...kinds,
  raftClusterKind,
  podMonitorKind,
  prometheusRuleKind,
  grafanaDashboardKind,
} as unknown as Readonly<Record<string, Kind<KubeObject>>>;

/** What a call needs; what it creates when nothing is there, too. */
const verbsOf: Readonly<Record<string, readonly string[]>> = {
  get: ['get'],
  list: ['list'],
  create: ['create'],
  apply: ['patch', 'create'],
  patch: ['patch'],
  delete: ['delete'],
  // A cache.
  start: ['list', 'watch'],
};

/** Calls whose kind is a variable: children are looked up, in case another's object has the name. */
const written: readonly (readonly [Kind<KubeObject>, string])[] = [
  ...prunedKinds.flatMap((kind) => ['get', 'create', 'apply', 'patch', 'delete'].map((call) => [kind, call] as const)),
  ...['get', 'create', 'apply', 'patch'].map((call) => [kinds.statefulSetKind as Kind<KubeObject>, call] as const),
];

describe('the roles', { skip: withoutHelm }, () => {
  for (const values of [[], ['scope=Namespace']]) {
    test(`allow what the operator does${values.length > 0 ? ', in one namespace' : ''}, and nothing else`, () => {
      const granted = grantedBy(render(...values));
      const needed = neededByCode();
      // Without the right to list them, it reads its own namespace alone.
      if (values.length > 0) for (const verb of ['list', 'watch']) needed.delete(`namespaces ${verb}`);
      assert.deepEqual([...granted].sort(), [...needed].sort());
    });
  }
});

function neededByCode(): Set<string> {
  const needed = new Set<string>();
  const need = (kind: Kind<KubeObject>, call: string): void => {
    for (const verb of verbsOf[call]!) needed.add(`${resource(kind)} ${verb}`);
  };
  for (const [kind, call] of written) need(kind, call);
  for (const file of globSync('**/*.ts', { cwd: OPERATOR })) {
    if (file.endsWith('.test.ts') || file.includes('testing/')) continue;
    const source = readFileSync(path.join(OPERATOR, file), { encoding: 'utf8' });
    const calls =
      /\b(?:[aA]pi\.(get|list|create|apply|patch|delete)|(start)|(listed)|read)\(\s*(\w+Kind)\b(?=([^;]*))/g;
    for (const [, call, cache, listed, name, rest] of source.matchAll(calls)) {
      const kind = known[name!];
      assert.ok(kind, `${file}: ${name} is not known here`);
      if (call === 'patch' && kind === raftClusterKind && file.endsWith('write-status.ts')) {
        needed.add(`${resource(kind)}/status patch`);
      } else {
        assert.ok(!rest!.includes('subresource'), `${file}: a subresource of ${name}`);
        need(kind, call ?? cache ?? (listed === undefined ? 'get' : 'list'));
      }
    }
    if (/\bapi\.evict\(/.test(source)) needed.add('pods/eviction create');
    // OpenShift's admission RestrictedEndpointsAdmission asks for it where addresses are those of pods.
    if (source.includes("kind: 'EndpointSlice',\n    metadata"))
      needed.add('endpointslices.discovery.k8s.io/restricted create');
    // As owner references with blockOwnerDeletion ask for.
    if (source.includes('blockOwnerDeletion: true')) needed.add(`${resource(raftClusterKind)}/finalizers update`);
  }
  return needed;
}

function grantedBy(manifests: readonly Manifest[]): Set<string> {
  const granted = new Set<string>();
  for (const { kind, metadata, rules } of manifests) {
    if (!/^(?:Cluster)?Role$/.test(kind) || /-(?:edit|view)$/.test(metadata.name)) continue;
    for (const { apiGroups, resources, verbs } of rules as Rule[]) {
      for (const group of apiGroups) {
        for (const one of resources) {
          for (const verb of verbs) granted.add(`${group === '' ? one : qualified(group, one)} ${verb}`);
        }
      }
    }
  }
  return granted;
}

type Rule = { readonly apiGroups: string[]; readonly resources: string[]; readonly verbs: string[] };

/** `pods`, `statefulsets.apps`. */
function resource({ apiVersion, plural }: Kind<KubeObject>): string {
  return apiVersion.includes('/') ? `${plural}.${apiVersion.split('/')[0]}` : plural;
}

function qualified(group: string, one: string): string {
  const [plural, subresource] = one.split('/');
  return `${plural}.${group}${subresource === undefined ? '' : `/${subresource}`}`;
}
