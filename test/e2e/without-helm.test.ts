/** The operator from the manifest in deploy/, for those who do without Helm. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { command, Kubectl } from './kubectl.ts';
import { installOperator, operatorNamespace, operatorRelease } from './operator.ts';
import { createCluster, readCluster, useNamespace } from './raft-cluster.ts';

test('the kind and one manifest are enough', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const { context, image } = cluster.environment;
  const system = new Kubectl(context, operatorNamespace);
  const file = readFileSync(new URL('../../deploy/operator.yaml', import.meta.url), { encoding: 'utf8' });
  const manifest = file.replaceAll(/\bquorate:\d+\.\d+\.\d+\S*/g, image);
  assert.equal(manifest.split(image).length, 3, 'the image of the pod, and that of members');
  const helm = ['--kube-context', context, '--namespace', operatorNamespace];
  await command('helm', [...helm, 'uninstall', operatorRelease, '--wait']);
  t.after(async () => {
    await system.run(['delete', '-f', '-', '--timeout=120s'], manifest);
    await installOperator(context, image);
  });
  await system.run(['apply', '--server-side', '--force-conflicts', '-f', 'crds/']);
  await system.run(['apply', '-f', '-'], manifest);
  await system.run(['rollout', 'status', 'deployment/quorate-operator', '--timeout=120s']);
  await createCluster(cluster, { replicas: 1 });
  assert.equal((await readCluster(cluster)).status.image, image);
  await cluster.kubectl.run(['delete', 'raftcluster', cluster.name, '--timeout=60s']);
});
