/** A RaftCluster in a namespace of its own, and what tests ask about it. */
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { ApiStatus } from '../../client/types.ts';
import type { RaftClusterSpecInput } from '../../operator/api/types.ts';
import { type Environment, howToRun, readEnvironment } from './environment.ts';
import { Kubectl, type KubeJson, until } from './kubectl.ts';
import { Traffic, type TrafficOptions } from './traffic.ts';

export type RaftClusterUnderTest = {
  readonly environment: Environment;
  readonly name: string;
  readonly kubectl: Kubectl;
};

/** Skips the test where there is no cluster for it: null then. The namespace goes when the test ends. */
export async function useNamespace(t: TestContext): Promise<RaftClusterUnderTest | null> {
  const environment = readEnvironment();
  if (environment === null) {
    t.skip(howToRun);
    return null;
  }
  const namespace = `quorate-e2e-${randomBytes(4).toString('hex')}`;
  const kubectl = new Kubectl(environment.context, namespace);
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  const cluster = { environment, name: 'db', kubectl };
  t.after(() => kubectl.run(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']));
  return cluster;
}

export function manifest(name: string, spec: RaftClusterSpecInput): object {
  return { apiVersion: 'quorate.dev/v1', kind: 'RaftCluster', metadata: { name }, spec };
}

/** Applies it and waits until it is Ready with all voters. */
export async function createCluster(cluster: RaftClusterUnderTest, spec: RaftClusterSpecInput): Promise<void> {
  await cluster.kubectl.apply(manifest(cluster.name, spec));
  await isSettled(cluster);
}

export function startTraffic(cluster: RaftClusterUnderTest, options: TrafficOptions = {}): Promise<Traffic> {
  return Traffic.start(cluster.kubectl, cluster.environment.image, cluster.name, options);
}

export async function readCluster({ kubectl, name }: RaftClusterUnderTest): Promise<KubeJson> {
  const found = await kubectl.get('raftcluster', name);
  if (found === null) throw new Error(`RaftCluster ${name} is gone`);
  return found;
}

export async function changeSpec({ kubectl, name }: RaftClusterUnderTest, spec: object): Promise<void> {
  await kubectl.patch('raftcluster', name, { spec });
}

export function conditionOf(
  object: KubeJson,
  type: string,
): { status: string; reason: string; message: string } | null {
  const conditions = (object.status?.conditions ?? []) as {
    type: string;
    status: string;
    reason: string;
    message: string;
  }[];
  return conditions.find((condition) => condition.type === type) ?? null;
}

/** Of a RaftCluster, a pod or a node. */
export function isConditionTrue(object: KubeJson, type: string): boolean {
  return conditionOf(object, type)?.status === 'True';
}

/** The last change of the spec is carried out: Ready, nothing to do, and every voter there. */
export function isSettled(cluster: RaftClusterUnderTest, timeoutMs = 180_000): Promise<KubeJson> {
  return until(
    `RaftCluster ${cluster.name} to be whole and at rest`,
    timeoutMs,
    async () => {
      const object = await readCluster(cluster);
      const { spec, status = {}, metadata } = object;
      const isDone =
        status.observedGeneration === metadata.generation &&
        isConditionTrue(object, 'Ready') &&
        isConditionTrue(object, 'MembersUpToDate') &&
        status.plan?.action === 'Steady' &&
        status.voters === `${spec.replicas}/${spec.replicas}`;
      return isDone ? object : null;
    },
    () => describe(cluster),
  );
}

/** Waits until the RaftCluster is as `check` says. */
export function untilCluster(
  cluster: RaftClusterUnderTest,
  what: string,
  check: (object: KubeJson) => unknown,
  timeoutMs = 120_000,
): Promise<KubeJson> {
  return until(
    what,
    timeoutMs,
    async () => {
      const object = await readCluster(cluster);
      return check(object) ? object : null;
    },
    () => describe(cluster),
  );
}

/** What the member in a pod says of itself. */
export async function memberStatus({ kubectl }: RaftClusterUnderTest, pod: string): Promise<ApiStatus> {
  return JSON.parse(
    await kubectl.run(['get', '--raw', `/api/v1/namespaces/${kubectl.namespace}/pods/${pod}:2379/proxy/v1/status`]),
  ) as ApiStatus;
}

/** What a program for Node, run beside the member in a pod, prints. */
export async function runInMember(
  { kubectl }: RaftClusterUnderTest,
  pod: string,
  program: string,
  ...args: readonly string[]
): Promise<string> {
  return (await kubectl.run(['exec', pod, '-c', 'member', '--', 'node', '-e', program, ...args])).trim();
}

/** Name of the pod whose member leads. */
export function leaderOf(cluster: RaftClusterUnderTest): Promise<string> {
  return until('a leader', 60_000, async () => {
    const { spec } = await readCluster(cluster);
    for (let ordinal = 0; ordinal < spec.replicas; ordinal++) {
      const pod = `${cluster.name}-${ordinal}`;
      const status = await memberStatus(cluster, pod).catch(() => null);
      if (status?.role === 'Leader') return pod;
    }
    return null;
  });
}

export function podsOf({ kubectl, name }: RaftClusterUnderTest): Promise<readonly KubeJson[]> {
  return kubectl.list('pods', `quorate.dev/cluster=${name}`);
}

async function describe({ kubectl, name }: RaftClusterUnderTest): Promise<string> {
  const parts = await Promise.all([
    kubectl.run(['get', 'raftcluster', name, '-o', 'yaml']).catch(String),
    kubectl.run(['get', 'pods,pvc,statefulsets,pdb', '-o', 'wide']).catch(String),
    kubectl.run(['get', 'events', '--sort-by=.lastTimestamp']).catch(String),
  ]);
  return parts.join('\n---\n');
}
