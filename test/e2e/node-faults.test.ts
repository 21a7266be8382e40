/** A node that loses its power, or its network. Only where a command for such faults is given. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { drain } from './drain.ts';
import { command, Kubectl, until } from './kubectl.ts';
import {
  createCluster,
  isConditionTrue,
  isSettled,
  leaderOf,
  type RaftClusterUnderTest,
  startTraffic,
  useNamespace,
} from './raft-cluster.ts';
import { reportGap } from './report.ts';

for (const { fault, mend, what } of [
  { fault: 'stop', mend: 'start', what: 'power' },
  { fault: 'cut', mend: 'heal', what: 'network' },
] as const) {
  test(`the leader's node loses its ${what}, and gets it back`, async (t) => {
    const cluster = await useNamespace(t);
    if (cluster === null) return;
    const faults = faultsOf(t, cluster);
    if (faults === null) return;
    await createCluster(cluster, { replicas: 3 });
    const leader = await leaderOf(cluster);
    const node = await nodeOf(cluster, leader);
    await moveDnsOff(t, cluster, node);
    const traffic = await startTraffic(cluster, { node: await otherNode(cluster, node) });
    const beganMs = Date.now();
    const mendNode = await breakNode(t, faults, fault, mend, node);
    await traffic.goesOn(60_000);
    await until('the node to be missed', 120_000, async () => !(await isNodeReady(cluster, node)));
    reportGap(`the leader's node without ${what}`, await traffic.longestGap(beganMs));
    await mendNode();
    await until('the node to be back', 120_000, () => isNodeReady(cluster, node));
    await isSettled(cluster, 300_000);
    await traffic.verify();
  });
}

test('a pod on a dead node is given up only once the node is out of service', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const faults = faultsOf(t, cluster);
  if (faults === null) return;
  const { kubectl } = cluster;
  await createCluster(cluster, {
    replicas: 3,
    healing: { notReadyAfterSeconds: 10 },
    scheduling: {
      tolerations: ['not-ready', 'unreachable'].map((key) => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 5,
      })),
    },
  });
  const node = await nodeOf(cluster, 'db-2');
  const traffic = await startTraffic(cluster, { node: await otherNode(cluster, node) });
  const former = (await kubectl.get('pod', 'db-2'))!;
  await breakNode(t, faults, 'stop', 'start', node);
  await until(
    'the pod to be terminating',
    120_000,
    async () => (await kubectl.get('pod', 'db-2'))?.metadata.deletionTimestamp !== undefined,
  );
  await traffic.goesOn();
  assert.equal((await kubectl.get('pod', 'db-2'))?.metadata.uid, former.metadata.uid, 'its process may still run');
  await kubectl.run(['taint', 'node', node, 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute']);
  t.after(() => kubectl.run(['taint', 'node', node, 'node.kubernetes.io/out-of-service-']).catch(() => ''));
  await until('another pod', 120_000, async () => {
    const pod = await kubectl.get('pod', 'db-2');
    return pod !== null && pod.metadata.uid !== former.metadata.uid;
  });
  await isSettled(cluster, 300_000);
  await traffic.verify();
});

/** Skips the test where there is no command for them: null then. */
function faultsOf(t: TestContext, { environment }: RaftClusterUnderTest): string | null {
  if (environment.nodeFaults === null) {
    t.skip(
      'platform: set QUORATE_E2E_NODE_FAULTS to a command that is called with cut, heal, stop or start and a node',
    );
  }
  return environment.nodeFaults;
}

async function otherNode({ kubectl }: RaftClusterUnderTest, node: string): Promise<string> {
  return (await kubectl.list('nodes')).map(({ metadata }) => metadata.name).find((name) => name !== node)!;
}

/**
 * Gives what mends the node. The test's end mends it if the test did not, and never twice: a node that is started again
 * while it runs has a second kubelet, which no later fault ends.
 */
async function breakNode(
  t: TestContext,
  faults: string,
  fault: string,
  mend: string,
  node: string,
): Promise<() => Promise<void>> {
  let isBroken = true;
  const mendNode = async (): Promise<void> => {
    if (!isBroken) return;
    await command(faults, [mend, node]);
    isBroken = false;
  };
  t.after(() => mendNode().catch(() => {}));
  await command(faults, [fault, node]);
  return mendNode;
}

async function nodeOf({ kubectl }: RaftClusterUnderTest, pod: string): Promise<string> {
  return (await kubectl.get('pod', pod))!.spec.nodeName as string;
}

async function isNodeReady({ kubectl }: RaftClusterUnderTest, node: string): Promise<boolean> {
  const found = await kubectl.get('node', node);
  return found !== null && isConditionTrue(found, 'Ready');
}

/** Names are answered by one pod: on the node that fails it would keep the writers from all other members, too. */
async function moveDnsOff(t: TestContext, { environment }: RaftClusterUnderTest, node: string): Promise<void> {
  const kubectl = new Kubectl(environment.context, 'kube-system');
  const dns = 'k8s-app=kube-dns';
  await drain(t, kubectl, node, dns);
  await until('names to be answered elsewhere', 60_000, async () =>
    (await kubectl.list('pods', dns)).some((pod) => isConditionTrue(pod, 'Ready') && pod.spec.nodeName !== node),
  );
  await kubectl.run(['uncordon', node]);
}
