/** Draining any one node succeeds, and the quorum stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drain } from './drain.ts';
import {
  createCluster,
  isSettled,
  podsOf,
  type RaftClusterUnderTest,
  startTraffic,
  useNamespace,
} from './raft-cluster.ts';
import { reportGap } from './report.ts';

test('each node is drained in turn', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  await createCluster(cluster, { replicas: 3 });
  const traffic = await startTraffic(cluster);
  for (const node of await nodesOf(cluster)) {
    const beganMs = Date.now();
    await drain(t, cluster.kubectl, node);
    await cluster.kubectl.run(['uncordon', node]);
    await isSettled(cluster);
    reportGap('drain of a node', await traffic.longestGap(beganMs));
  }
  assert.equal((await traffic.verify()).failedWrites, 0);
});

/** Those with a member. */
async function nodesOf(cluster: RaftClusterUnderTest): Promise<string[]> {
  const pods = await podsOf(cluster);
  return [...new Set(pods.map(({ spec }) => spec.nodeName as string))];
}
