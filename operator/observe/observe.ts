/** Reads everything about one RaftCluster into one frozen value; the same from caches and from the API server. */

import type { SetName } from '../api/names.ts';
import { setName, volumeName } from '../api/names.ts';
import type { RefusedWrite } from '../api/refused-write.ts';
import type { RaftCluster } from '../api/types.ts';
import { deepFreeze } from '../kube/freeze.ts';
import type { PersistentVolumeClaim, Pod, StatefulSet } from '../kube/kinds.ts';
import type { Clock, ObjectName, Stored } from '../kube/types.ts';
import type { Members } from '../members/types.ts';
import { askMembers, readConfiguration } from './ask-members.ts';
import { readCluster } from './cluster-kind.ts';
import { comparisonOf } from './comparison.ts';
import { nodeView, podView } from './pod-view.ts';
import { rollingElsewhere } from './rolling-elsewhere.ts';
import { slotsOf } from './slots.ts';
import type { Source } from './source.ts';
import type { MonitoringContext, Observed, PodView, SetView, VolumeView } from './types.ts';
import { setView, volumeView } from './volume-view.ts';

export type ObserverParts = {
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly operatorImage: string;
  /** Hashes of the pod templates, made by the builders of `resources`, which this room does not know. */
  templateHashes(cluster: RaftCluster): Readonly<Record<SetName, string>>;
  membersOf(cluster: RaftCluster): Promise<Members>;
  monitoring(): MonitoringContext;
  refused(cluster: ObjectName): readonly RefusedWrite[];
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
  const unlabelled = await claimsByName(cluster, claims, source);
  // The pods and volumes of one cluster share a few nodes and a class, so each of these is read once.
  const nodeOf = once((node) => source.node(node));
  const canExpandOf = once((storageClass) => canExpand(source, storageClass));
  const [podViews, volumeViews] = await Promise.all([
    viewPods(pods, nodeOf),
    viewVolumes([...claims, ...unlabelled], name.name, nodeOf, canExpandOf),
  ]);
  const sets = { Voters: viewSet(statefulSets, name, 'Voters'), Readers: viewSet(statefulSets, name, 'Readers') };
  const members = await parts.membersOf(cluster);
  const slots = await askMembers(members, slotsOf(name, { sets, pods: podViews, volumes: volumeViews }));
  const reading = await readConfiguration(members, slots, cluster.status.clusterID);
  return deepFreeze({
    nowMs: parts.clock.wallMs(),
    cluster,
    operatorImage: parts.operatorImage,
    templateHashes: parts.templateHashes(cluster),
    sets,
    slots,
    ...reading,
    comparison: comparisonOf(slots, cluster.status.clusterID, reading.configuration),
    pdb:
      budget === null
        ? null
        : {
            minAvailable: Number(budget.spec?.minAvailable ?? 0),
            disruptionsAllowed: budget.status?.disruptionsAllowed ?? 0,
          },
    refused: parts.refused(name),
    isNamespaceTerminating:
      namespace !== 'Absent' && namespace !== 'NotKnown' && namespace.metadata.deletionTimestamp !== undefined,
    rollingElsewhere: rollingElsewhere(name, clusters, parts.operatorImage),
    ...parts.monitoring(),
  });
}

async function viewPods(pods: readonly Stored<Pod>[], nodeOf: Source['node']): Promise<ReadonlyMap<string, PodView>> {
  const views = pods.map(async (pod) => {
    const node = pod.spec?.nodeName;
    return podView(pod, node === undefined ? 'NotKnown' : await nodeOf(node));
  });
  return new Map((await Promise.all(views)).map((view) => [view.name, view]));
}

async function viewVolumes(
  claims: readonly Stored<PersistentVolumeClaim>[],
  cluster: string,
  nodeOf: Source['node'],
  canExpandOf: (storageClass: string) => Promise<boolean>,
): Promise<ReadonlyMap<string, VolumeView>> {
  const views = claims.map(async (claim) => {
    const storageClass = claim.spec?.storageClassName;
    const node = claim.metadata.annotations?.[selectedNode];
    return volumeView(
      claim,
      cluster,
      storageClass !== undefined && (await canExpandOf(storageClass)),
      node === undefined ? null : nodeView(node, await nodeOf(node)),
    );
  });
  return new Map((await Promise.all(views)).map((view) => [view.name, view]));
}

/**
 * Claims of known members that no list has, because they have lost their labels, as a copy made by hand has none. The
 * StatefulSet goes by the name alone, so such a claim is the member's volume, and must not be taken for one that is gone.
 */
async function claimsByName(
  { metadata: { namespace }, status }: RaftCluster,
  listed: readonly Stored<PersistentVolumeClaim>[],
  source: Source,
): Promise<readonly Stored<PersistentVolumeClaim>[]> {
  const known = new Set(listed.map(({ metadata }) => metadata.name));
  const missing = (status.members ?? []).map(({ name }) => volumeName(name)).filter((name) => !known.has(name));
  const found = await Promise.all(missing.map((name) => source.claim({ namespace, name })));
  return found.filter((claim) => claim !== null);
}

/** Reads each name only the first time that it is asked for. */
function once<T>(read: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const readings = new Map<string, Promise<T>>();
  return (name) => {
    const reading = readings.get(name) ?? read(name);
    readings.set(name, reading);
    return reading;
  };
}

/** The annotation that the scheduler writes on claims of classes that wait for a first consumer. */
const selectedNode = 'volume.kubernetes.io/selected-node';

/** Where classes may not be read, growth is tried: the API server refuses it where it cannot be done. */
async function canExpand(source: Source, name: string): Promise<boolean> {
  const found = await source.storageClass(name);
  return found === 'NotKnown' || (found !== 'Absent' && found.allowVolumeExpansion === true);
}

function viewSet(sets: readonly Stored<StatefulSet>[], cluster: ObjectName, set: SetName): SetView | null {
  const found = sets.find(({ metadata }) => metadata.name === setName(cluster.name, set));
  return found === undefined ? null : setView(found);
}
