/** Reads everything about one RaftCluster into one frozen value; the same from caches and from the API server. */
import type { SetName } from '../api/names.ts';
import { setName } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import { deepFreeze } from '../kube/freeze.ts';
import type { PersistentVolumeClaim, Pod, StatefulSet } from '../kube/kinds.ts';
import type { Clock, ObjectName, Stored } from '../kube/types.ts';
import type { Members } from '../members/types.ts';
import { askMembers, readConfiguration } from './ask-members.ts';
import { readCluster } from './cluster-kind.ts';
import { nodeView, podView } from './pod-view.ts';
import { rollingElsewhere } from './rolling-elsewhere.ts';
import { slotsOf } from './slots.ts';
import type { Source } from './source.ts';
import type { Observed, PodView, SetView, VolumeView } from './types.ts';
import { setView, volumeView } from './volume-view.ts';

export type ObserverParts = {
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly operatorImage: string;
  /** From the builders of `resources`, which this room does not know. */
  templateHashes(cluster: RaftCluster): Readonly<Record<SetName, string>>;
  membersOf(cluster: RaftCluster): Promise<Members>;
  /** Kinds of Prometheus that this API server has. */
  monitoringKinds(): { readonly hasPodMonitors: boolean; readonly hasPrometheusRules: boolean };
};

/**
 * Null when there is no such RaftCluster.
 *
 * @throws KubeError, SpecNotUnderstood
 */
export async function observe(name: ObjectName, source: Source, parts: ObserverParts): Promise<Observed | null> {
  const object = await source.cluster(name);
  if (object === null) return null;
  const cluster = readCluster(object);
  const [statefulSets, pods, claims, budget, namespace, clusters] = await Promise.all([
    source.statefulSets(name),
    source.pods(name),
    source.claims(name),
    source.budget(name),
    source.namespace(name.namespace),
    cluster.spec.image === undefined ? source.clusters() : [],
  ]);
  const [podViews, volumeViews] = await Promise.all([viewPods(pods, source), viewVolumes(claims, source)]);
  const sets = { Voters: viewSet(statefulSets, name, 'Voters'), Readers: viewSet(statefulSets, name, 'Readers') };
  const members = await parts.membersOf(cluster);
  const slots = await askMembers(members, slotsOf(name, { sets, pods: podViews, volumes: volumeViews }));
  return deepFreeze({
    nowMs: parts.clock.wallMs(),
    source: source.kind,
    cluster,
    operatorImage: parts.operatorImage,
    templateHashes: parts.templateHashes(cluster),
    sets,
    slots,
    ...(await readConfiguration(members, slots, cluster.status.clusterID)),
    pdb:
      budget === null
        ? null
        : {
            minAvailable: Number(budget.spec?.minAvailable ?? 0),
            disruptionsAllowed: budget.status?.disruptionsAllowed ?? 0,
          },
    isNamespaceTerminating:
      namespace !== 'Absent' && namespace !== 'NotKnown' && namespace.metadata.deletionTimestamp !== undefined,
    rollingElsewhere: rollingElsewhere(name, clusters, parts.operatorImage),
    ...parts.monitoringKinds(),
  });
}

async function viewPods(pods: readonly Stored<Pod>[], source: Source): Promise<ReadonlyMap<string, PodView>> {
  const nodes = new Map<string, ReturnType<Source['node']>>();
  for (const { spec } of pods) {
    const node = spec?.nodeName;
    if (node !== undefined && !nodes.has(node)) nodes.set(node, source.node(node));
  }
  const views = pods.map(async (pod) => podView(pod, (await nodes.get(pod.spec?.nodeName ?? '')) ?? 'NotKnown'));
  return new Map((await Promise.all(views)).map((view) => [view.name, view]));
}

async function viewVolumes(
  claims: readonly Stored<PersistentVolumeClaim>[],
  source: Source,
): Promise<ReadonlyMap<string, VolumeView>> {
  const classes = new Map<string, Promise<boolean>>();
  for (const { spec } of claims) {
    const name = spec?.storageClassName;
    if (name !== undefined && !classes.has(name)) classes.set(name, canExpand(source, name));
  }
  const views = claims.map(async (claim) => {
    const node = claim.metadata.annotations?.[selectedNode];
    return volumeView(
      claim,
      (await classes.get(claim.spec?.storageClassName ?? '')) ?? false,
      node === undefined ? null : nodeView(node, await source.node(node)),
    );
  });
  return new Map((await Promise.all(views)).map((view) => [view.name, view]));
}

/** Written by the scheduler for classes that wait for a first consumer. */
const selectedNode = 'volume.kubernetes.io/selected-node';

/** Where classes may not be read, it is tried: the API server says no where it cannot be done. */
async function canExpand(source: Source, name: string): Promise<boolean> {
  const found = await source.storageClass(name);
  return found === 'NotKnown' || (found !== 'Absent' && found.allowVolumeExpansion === true);
}

function viewSet(sets: readonly Stored<StatefulSet>[], cluster: ObjectName, set: SetName): SetView | null {
  const found = sets.find(({ metadata }) => metadata.name === setName(cluster.name, set));
  return found === undefined ? null : setView(found);
}
