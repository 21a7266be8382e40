/**
 * What the child objects are built from: how many pods a new StatefulSet has, the disruption budget, roles, the leader.
 */
import type { SetName } from '../api/names.ts';
import { type ClusterView, endOfData, endOfMembers, quorumOf } from './cluster-view.ts';
import type { Shape } from './types.ts';

export function shapeOf(view: ClusterView, mayApply: boolean): Shape {
  const { status, spec, observed, leader } = view;
  return {
    image: status.image ?? spec.image ?? observed.operatorImage,
    setReplicas: { Voters: replicasOf(view, 'Voters'), Readers: replicasOf(view, 'Readers') },
    minAvailable: minAvailable(view),
    roleLabels: roleLabels(view),
    leaderPod: leader?.isHealthy === true ? leader.name : null,
    // Before image and size are written down there is nothing to build from. In a namespace that is being deleted the API
    // server refuses whatever is new, and the pass with the last finalizer would fail at it for ever.
    mayApply:
      mayApply &&
      !observed.isNamespaceTerminating &&
      !isLeaving(view) &&
      status.image !== undefined &&
      status.target !== undefined,
  };
}

/**
 * What cannot be written (a spec that is refused, a name that is taken) must not keep a RaftCluster from being deleted.
 */
function isLeaving({ cluster, spec }: ClusterView): boolean {
  return cluster.metadata.deletionTimestamp !== undefined && !spec.deletionProtection;
}

/**
 * The budget counts pods by their role, so one that is no member must not keep it. Without a configuration, and of a pod
 * whose data is not known, nothing is said.
 */
function roleLabels({ places, configuration }: ClusterView): Shape['roleLabels'] {
  if (configuration === null) return {};
  const labelled = places.flatMap(({ name, pod, member, isMember, incarnation }) => {
    if (pod === null || (member !== null && incarnation === null)) return [];
    const role = member === null || !isMember ? null : member.role;
    return [[name, role === null ? null : role === 'Voter' ? 'voter' : 'learner'] as const];
  });
  return Object.fromEntries(labelled);
}

/**
 * The size of a StatefulSet that is made anew. One that was deleted under running pods must not stop members by being
 * smaller.
 */
function replicasOf(view: ClusterView, set: SetName): number {
  const { status, spec, target } = view;
  const { hibernation, quorumRecovery, hasFormed, founding } = status;
  if (quorumRecovery !== undefined && ['StoppingOthers', 'Recovering', 'WipingOthers'].includes(quorumRecovery.step))
    return 0;
  const hasMembers = hasFormed === true || founding !== undefined;
  if (hasMembers && spec.replicas === 0) return 0;
  if (hibernation !== undefined) return set === 'Voters' ? hibernation.replicas : hibernation.readReplicas;
  return hasMembers ? Math.max(target[set], endOfMembers(view, set), endOfData(view, set)) : target[set];
}

/**
 * An integer, and a quorum of what there is or shall be, whichever is more: a budget that is taken of the pods that are
 * there lets a drain take a cluster down while its members are being replaced. None for one or two, which tolerate no one.
 */
function minAvailable({ spec, voters, target, configuration, observed, status }: ClusterView): number | null {
  if (spec.disruption.mode === 'Disabled' || spec.replicas === 0 || status.hibernation !== undefined) return null;
  if (configuration === null && status.hasFormed === true) return observed.pdb?.minAvailable ?? budget(target.Voters);
  return budget(Math.max(voters.length, target.Voters));
}

function budget(voters: number): number | null {
  return voters <= 2 ? null : quorumOf(voters);
}
