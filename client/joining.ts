/**
 * Bringing an empty member into a running cluster: added as a learner, told so, caught up, promoted. Each step is decided
 * anew from what cluster and member say, so that it can be broken off anywhere and begun again.
 */

import type { Client } from './client.ts';
import { QuorateError } from './errors.ts';
import { isPassing } from './retry.ts';
import type { ApiCluster, ApiMember, ApiStatus } from './types.ts';
import { waitMs } from './wait.ts';

export type JoinOptions = {
  /** Id of a member that has lost its data: it is removed, and this one takes its name and address. */
  readonly replace?: number | undefined;
  /** True: stays a learner, which serves reads and has no vote. */
  readonly asLearner?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: JoinProgress) => void) | undefined;
};

export type JoinProgress =
  | { readonly step: 'Removing'; readonly id: number }
  | { readonly step: 'Adding' }
  | { readonly step: 'CatchingUp'; readonly id: number; readonly applied: number; readonly commit: number }
  | { readonly step: 'Promoting'; readonly id: number };

export type JoinStep =
  | { readonly kind: 'Refuse'; readonly message: string }
  | { readonly kind: 'Remove'; readonly id: number }
  | { readonly kind: 'Add' }
  | { readonly kind: 'Tell'; readonly id: number }
  | { readonly kind: 'CatchUp'; readonly id: number }
  | { readonly kind: 'Promote'; readonly id: number }
  | { readonly kind: 'Joined'; readonly id: number };

const POLL_MS = 200;
/** Behind by no more than this, a learner is offered for promotion; the leader has the last word. */
const NEARLY_CAUGHT_UP_ENTRIES = 1_000;

/**
 * Resolves with the member's id when it has its place. Waits, until `signal`, for members that are away.
 *
 * @param cluster a client of the running cluster
 * @param newcomer a client of the empty member alone
 * @throws {QuorateError} `member_exists` when it cannot have that place; the message says what to do
 */
export async function joinCluster(cluster: Client, newcomer: Client, options: JoinOptions = {}): Promise<number> {
  const { signal, onProgress } = options;
  for (;;) {
    const view = await look(cluster, newcomer, signal);
    if (view === null) continue;
    const { status, membership, commit } = view;
    const step = nextJoinStep(status, membership, commit, options);
    const expected = { expected_config_index: membership.config_index };
    switch (step.kind) {
      case 'Joined':
        return step.id;
      case 'Refuse':
        throw new QuorateError('member_exists', step.message);
      case 'Remove':
        onProgress?.({ step: 'Removing', id: step.id });
        await attempt(() => cluster.removeMember(step.id, expected, { signal }), signal);
        break;
      case 'Add':
        onProgress?.({ step: 'Adding' });
        await attempt(() => cluster.addMember({ ...identity(status), ...expected }, { signal }), signal);
        break;
      case 'Tell':
        await attempt(() => newcomer.join(invitation(status, membership, step.id), { signal }), signal);
        break;
      case 'CatchUp':
        onProgress?.({ step: 'CatchingUp', id: step.id, applied: status.applied ?? 0, commit });
        await waitMs(POLL_MS, signal);
        break;
      case 'Promote':
        onProgress?.({ step: 'Promoting', id: step.id });
        await attempt(() => cluster.promoteMember(step.id, expected, { signal }), signal);
    }
  }
}

/** Null while one of them is away: both are waited for. */
async function look(
  cluster: Client,
  newcomer: Client,
  signal: AbortSignal | undefined,
): Promise<{ status: ApiStatus; membership: ApiCluster; commit: number } | null> {
  try {
    const status = await newcomer.status({ signal });
    const membership = await cluster.cluster({ signal });
    return { status, membership, commit: (await cluster.status({ signal })).commit ?? 0 };
  } catch (error) {
    if (!(error instanceof QuorateError) || !isPassing(error)) throw error;
    await waitMs(POLL_MS, signal);
    return null;
  }
}

/** What to do next about a newcomer that looks like this. */
export function nextJoinStep(
  newcomer: ApiStatus,
  cluster: ApiCluster,
  commit: number,
  options: Pick<JoinOptions, 'replace' | 'asLearner'>,
): JoinStep {
  const { name, peer_address, incarnation, cluster_id, state, reason } = newcomer;
  if (cluster_id !== undefined && cluster_id !== cluster.cluster_id) {
    return refuse(
      `'${name}' belongs to cluster ${cluster_id}, not to ${cluster.cluster_id}; only an empty data folder can join`,
    );
  }
  if (state === 'Parked' && reason !== 'NoData')
    return refuse(`'${name}' is parked (${reason}): ${newcomer.message ?? ''}`);
  const place = cluster.members.find((member) => member.incarnation === incarnation);
  if (place !== undefined) return stepInPlace(newcomer, place, commit, options);

  if (cluster_id !== undefined)
    return refuse(`'${name}' was removed from cluster ${cluster_id}; join with an empty data folder`);
  const holder = cluster.members.find((member) => member.name === name || member.peer_address === peer_address);
  // An empty incarnation: added by address alone (etcd's MemberAdd), for whoever joins from that address to claim.
  if (holder === undefined || holder.incarnation === '') return { kind: 'Add' };
  if (holder.id === options.replace) return { kind: 'Remove', id: holder.id };
  const held = holder.name === name ? `name '${name}'` : `address ${peer_address}`;
  return refuse(
    `the ${held} is held by member ${holder.id}, which had another data folder: remove ${holder.id} first, or --replace ${holder.id}`,
  );
}

function stepInPlace(
  newcomer: ApiStatus,
  place: ApiMember,
  commit: number,
  options: Pick<JoinOptions, 'asLearner'>,
): JoinStep {
  const { id, role } = place;
  if (newcomer.state === 'Parked') return { kind: 'Tell', id };
  if (role === 'Voter') return { kind: 'Joined', id };
  if (newcomer.state === 'Joining' || (newcomer.applied ?? 0) + NEARLY_CAUGHT_UP_ENTRIES < commit)
    return { kind: 'CatchUp', id };
  return options.asLearner === true ? { kind: 'Joined', id } : { kind: 'Promote', id };
}

function refuse(message: string): JoinStep {
  return { kind: 'Refuse', message };
}

function identity({ name, peer_address, incarnation }: ApiStatus): {
  name: string;
  peer_address: string;
  incarnation: string;
} {
  return { name, peer_address, incarnation };
}

function invitation(newcomer: ApiStatus, cluster: ApiCluster, id: number): Parameters<Client['join']>[0] {
  const peers = cluster.members
    .filter((member) => member.id !== id && member.incarnation !== '')
    .map(({ id, peer_address, incarnation }) => ({ id, peer_address, incarnation }));
  return { cluster_id: cluster.cluster_id, member_id: id, incarnation: newcomer.incarnation, peers };
}

/**
 * Tries one change. After a failure that will pass (another change came first, the learner is not ready yet) or an
 * unknown outcome it waits a moment and returns: the caller looks at cluster and member again. The rest is thrown.
 */
async function attempt(change: () => Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof QuorateError)) throw error;
    if (!isPassing(error) && !PASSING_HERE.has(error.code)) throw error;
    await waitMs(POLL_MS, signal);
  }
}

const PASSING_HERE: ReadonlySet<string> = new Set([
  'config_index_mismatch',
  'configuration_pending',
  'configuration_joint',
  'learner_not_in_sync',
  'member_not_found',
  'not_a_learner',
]);
