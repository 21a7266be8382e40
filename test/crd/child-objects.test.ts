import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RaftCluster } from '../../operator/api/types.ts';
import { podKind, type StatefulSet } from '../../operator/kube/kinds.ts';
import { childObjects } from '../../operator/resources/child-objects.ts';
import { anySpec, clusterOf, nothingLive, shape } from '../../operator/resources/testing/specs.ts';
import { skip, useCrd } from './installed-crd.ts';

const crd = useCrd();
const timeout = 120_000;

/** Whatever a user may write, the API server takes what is made of it: an object that it refuses would stop the pass. */
test('the API server takes the child objects of any spec', { skip, timeout }, async () => {
  const { dry, namespace } = crd();
  const leader = { podName: 'db-0', podUid: 'u', ip: '10.0.0.1', nodeName: 'n1' };
  const withoutMonitoring = { hasPodMonitors: false, hasPrometheusRules: false, hasGrafanaDashboards: false };
  const context = { ...nothingLive, leader, ...withoutMonitoring };
  await fc.assert(
    fc.asyncProperty(anySpec, async (spec) => {
      for (const { kind, object } of childObjects(inNamespace({ ...clusterOf(), spec }), shape, context)) {
        await dry.apply(kind, object);
      }
    }),
    { numRuns: 15 },
  );

  function inNamespace(cluster: RaftCluster): RaftCluster {
    return { ...cluster, metadata: { ...cluster.metadata, namespace } };
  }
});

test('its pods pass the restricted Pod Security Standard', { skip, timeout }, async () => {
  const { dry, namespace } = crd();
  const cluster = clusterOf({ bootstrap: { restore: { url: 'https://example.com/s' } } });
  const sets = childObjects(cluster, shape, nothingLive).filter(({ object }) => object.kind === 'StatefulSet');
  assert.equal(sets.length, 1);
  const { spec } = sets[0]!.object as StatefulSet;
  const { metadata, spec: pod } = spec!.template;
  const data = { name: 'data', emptyDir: {} };
  await dry.apply(podKind, {
    metadata: { ...metadata, name: 'db-0', namespace },
    spec: { ...pod!, volumes: [...pod!.volumes!, data], serviceAccountName: 'default' },
  });
});
