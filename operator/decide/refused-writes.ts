/** What waits while the API server refuses to write an object, and how that is told. Everything else goes on. */
import { isOfBudget, type RefusedWrite, refusalText } from '../api/refused-write.ts';
import { type ClusterView, quorumOf } from './cluster-view.ts';

/** The blockers to be shown, one for each object that is refused. */
export function refusedWrites({ observed }: ClusterView): readonly string[] {
  return observed.refused.map(refusalText);
}

/**
 * Null when the disruption budget protects the voters that there are; else what is refused or missing of it. The budget
 * counts pods by their labels, so both belong to it. Who restarts a healthy voter without it may do so in the same moment
 * as a drain that takes another one, and only a rollout has the time to wait.
 */
export function objectionToRestartUnprotected(view: ClusterView): string | null {
  const { observed, voters, spec } = view;
  // Nothing protects one or two voters, nor those whose user wants no budget.
  if (voters.length <= 2 || spec.disruption.mode === 'Disabled') return null;
  const refused = observed.refused.find((write) => isOfBudget(write) || isLabelOfVoter(view, write));
  if (refused !== undefined) return refusalText(refused);
  // This pass makes it anew, if somebody has deleted it.
  return observed.pdb === null ? 'its PodDisruptionBudget is not there yet' : null;
}

/** Of a pod that the budget counts, or should count: learners have their labels for nobody who decides here. */
function isLabelOfVoter({ places }: ClusterView, { kind, name }: RefusedWrite): boolean {
  const place = kind === 'Pod' ? places.find((one) => one.name === name) : undefined;
  return place?.member?.role === 'Voter' || place?.pod?.roleLabel === 'voter';
}

/**
 * Null when drains leave a quorum of this many voters; else why not. A budget that is there and could not be raised lets
 * more of the voters go the more there are. Without any budget a further voter makes nothing worse, and a member that was
 * replaced gets its vote back.
 */
export function objectionToVoters({ observed }: ClusterView, voters: number): string | null {
  const { pdb } = observed;
  if (!observed.refused.some(isOfBudget) || pdb === null || pdb.minAvailable >= quorumOf(voters)) return null;
  return `its PodDisruptionBudget would let a drain take the quorum of ${voters} voters`;
}

/** Null when members find each other; founders that do not would form a cluster that never has a leader. */
export function objectionToForming({ observed }: ClusterView, peerService: string): string | null {
  const isMissing = observed.refused.some(
    ({ kind, name, task }) => kind === 'Service' && name === peerService && task === 'create',
  );
  return isMissing ? `without the Service ${peerService} the members do not find each other` : null;
}
