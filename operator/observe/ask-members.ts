/** Asks the members: all at once what each says of itself, and one of them for the configuration. */
import type { ApiCluster, ApiStatus } from '../../client/types.ts';
import type { Members } from '../members/types.ts';
import type { EmptySlot } from './slots.ts';
import type { MemberReport, Slot } from './types.ts';

export async function askMembers(members: Members, slots: readonly EmptySlot[]): Promise<readonly Slot[]> {
  return Promise.all(
    slots.map(async (slot) => ({ ...slot, report: slot.pod?.phase === 'Running' ? await ask(members, slot) : null })),
  );
}

async function ask(members: Members, { name }: EmptySlot): Promise<MemberReport> {
  try {
    const status = await members.status(name);
    if (status.name === name) return { kind: 'Answered', status };
    // An address of a pod that is gone may be another one's by now.
    return { kind: 'Unreachable', error: `at its address answers another member, ${status.name}` };
  } catch (error) {
    if (await members.isOpening(name))
      return { kind: 'Unreachable', error: 'it still opens its data', isOpening: true };
    return { kind: 'Unreachable', error: (error as Error).message };
  }
}

export type ConfigurationReading =
  | { readonly configuration: ApiCluster; readonly configurationError: null }
  | { readonly configuration: null; readonly configurationError: string };

/**
 * Linearizable, under the cluster id in status; without one there, under the only one that members name.
 *
 * @param clusterId in status
 */
export async function readConfiguration(
  members: Members,
  slots: readonly Slot[],
  clusterId: string | undefined,
): Promise<ConfigurationReading> {
  const candidates = slots.flatMap(({ name, report }) =>
    report?.kind === 'Answered' && report.status.state === 'Member' ? [{ name, status: report.status }] : [],
  );
  const ids = new Set(candidates.map(({ status }) => status.cluster_id));
  if (clusterId === undefined && ids.size > 1) return none('members name several cluster ids');
  const wanted = clusterId ?? [...ids][0];
  const ours = candidates.filter(({ status }) => status.cluster_id === wanted);
  if (wanted === undefined || ours.length === 0) return none('no member of the cluster answers');
  // A linearizable read would wait for a leader that nobody knows.
  if (!ours.some(({ status }) => (status.leader ?? 0) !== 0)) return none('no member knows a leader');
  const names = ours.sort((a, b) => rank(b.status) - rank(a.status)).map(({ name }) => name);
  try {
    const configuration = await members.cluster(names);
    if (configuration.cluster_id === wanted) return { configuration, configurationError: null };
    return none(`the members answer for cluster ${configuration.cluster_id}, not for ${wanted}`);
  } catch (error) {
    return none((error as Error).message);
  }
}

/**
 * Asks the leader first, which answers without asking another; of two that think they lead, the one of the later term.
 */
function rank({ role, term, leader }: ApiStatus): number {
  return (role === 'Leader' ? 2 ** 40 : (leader ?? 0) !== 0 ? 2 ** 39 : 0) + Math.min(term ?? 0, 2 ** 38);
}

function none(configurationError: string): ConfigurationReading {
  return { configuration: null, configurationError };
}
