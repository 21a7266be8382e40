/** Where the scheduler may place the pods of a StatefulSet. */
import { labels, type SetName, setLabel } from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Pod } from '../kube/kinds.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Affinity = NonNullable<PodSpec['affinity']>;
type Spread = NonNullable<PodSpec['topologySpreadConstraints']>;

export function scheduling(cluster: RaftCluster, set: SetName): Partial<PodSpec> {
  const given = cluster.spec.scheduling;
  const affinity = { ...defaultAffinity(cluster, set), ...(given.affinity as Affinity | undefined) };
  const spread = (given.topologySpreadConstraints as Spread | undefined) ?? defaultSpread(cluster, set);
  return {
    ...(Object.keys(affinity).length > 0 ? { affinity } : {}),
    ...(spread.length > 0 ? { topologySpreadConstraints: spread } : {}),
    ...(given.nodeSelector === undefined ? {} : { nodeSelector: given.nodeSelector }),
    ...(given.tolerations === undefined
      ? {}
      : { tolerations: given.tolerations as NonNullable<PodSpec['tolerations']> }),
    ...(given.priorityClassName === undefined ? {} : { priorityClassName: given.priorityClassName }),
  };
}

/** Keeps members on different nodes: a node that fails with two voters on it costs two votes at once. */
function defaultAffinity(cluster: RaftCluster, set: SetName): Affinity {
  const term = { labelSelector: { matchLabels: podsOf(cluster, set) }, topologyKey: 'kubernetes.io/hostname' };
  switch (cluster.spec.scheduling.defaults) {
    case 'None':
      return {};
    case 'Preferred':
      return {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }],
        },
      };
    case 'Required':
      return { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
  }
}

function defaultSpread(cluster: RaftCluster, set: SetName): Spread {
  const { defaults } = cluster.spec.scheduling;
  if (defaults === 'None') return [];
  return [
    {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: defaults === 'Required' ? 'DoNotSchedule' : 'ScheduleAnyway',
      labelSelector: { matchLabels: podsOf(cluster, set) },
    },
  ];
}

function podsOf({ metadata }: RaftCluster, set: SetName): Readonly<Record<string, string>> {
  return { [labels.cluster]: metadata.name, [labels.set]: setLabel(set) };
}
