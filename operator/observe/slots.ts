/** The places for members of one RaftCluster, from its pods, volumes and StatefulSets. Pure. */
import { podHost, podName, ports, type SetName, setName, volumeName } from '../api/names.ts';
import type { ObjectName } from '../kube/types.ts';
import type { PodView, SetView, Slot, VolumeView } from './types.ts';

export type Views = {
  readonly sets: Readonly<Record<SetName, SetView | null>>;
  /** Keyed by the name of the object, as `volumes` is. */
  readonly pods: ReadonlyMap<string, PodView>;
  readonly volumes: ReadonlyMap<string, VolumeView>;
};

/** A slot whose member has not been asked yet. */
export type EmptySlot = Omit<Slot, 'report'>;

export function slotsOf(cluster: ObjectName, { sets, pods, volumes }: Views): readonly EmptySlot[] {
  return (['Voters', 'Readers'] as const).flatMap((set) => {
    const prefix = `${setName(cluster.name, set)}-`;
    const { replicas = 0, start = 0 } = sets[set] ?? {};
    const ordinals = new Set(Array.from({ length: replicas }, (_, index) => start + index));
    for (const name of [...pods.keys(), ...[...volumes.keys()].map(podOfVolume)]) {
      const ordinal = ordinalAfter(prefix, name);
      if (ordinal !== null) ordinals.add(ordinal);
    }
    return [...ordinals]
      .sort((a, b) => a - b)
      .map((ordinal) => {
        const name = podName(cluster.name, set, ordinal);
        return {
          set,
          ordinal,
          name,
          peerAddress: `${podHost(cluster.name, cluster.namespace, name)}:${ports.peer}`,
          pod: pods.get(name) ?? null,
          volume: volumes.get(volumeName(name)) ?? null,
        };
      });
  });
}

function podOfVolume(volume: string): string {
  const prefix = volumeName('');
  return volume.startsWith(prefix) ? volume.slice(prefix.length) : '';
}

/** Only digits may follow the prefix, since `NAME-read-0` is no voter of `NAME`. */
function ordinalAfter(prefix: string, name: string): number | null {
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^(?:0|[1-9]\d{0,3})$/.test(rest) ? Number(rest) : null;
}
