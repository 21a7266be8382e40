/**
 * The RaftCluster is being deleted: its volumes go or stay by its policy, then the finalizer. Nothing here asks the
 * members or waits for a node, so it ends also when the quorum is lost; a namespace that is being deleted is never held up.
 */
import { finalizer } from '../api/types.ts';
import { type ClusterView, ref, setNames } from './cluster-view.ts';
import { act, note, type Outcome, pass, type Rule, wait } from './rule.ts';

export const deletion: Rule = (view) => {
  const { metadata } = view.cluster;
  if (metadata.deletionTimestamp === undefined) {
    if (!view.observed.isNamespaceTerminating) return pass;
    return letStop(view) ?? wait('the namespace is being deleted', [], { requeueAfterMs: null, mayApply: false });
  }
  if (metadata.finalizers?.includes(finalizer) !== true) {
    return wait('the RaftCluster is being deleted', [], { requeueAfterMs: null, mayApply: false });
  }
  if (view.observed.isNamespaceTerminating) {
    return act({ kind: 'RemoveFinalizer' }, metadata.name, 'the namespace is being deleted, and the volumes with it');
  }
  if (view.spec.deletionProtection) {
    return note('the RaftCluster is deleted but protected: set spec.deletionProtection to false to let it go', null);
  }
  if (view.spec.storage.reclaimPolicy === 'Retain') {
    return act({ kind: 'RemoveFinalizer' }, metadata.name, 'its volumes are kept by spec.storage.reclaimPolicy');
  }
  return deleteVolumes(view);
};

/**
 * Pods go first, and the RaftCluster only when they have gone: without a word each of the last two would wait for the
 * others in its preStop hook, as long as it may.
 */
function letStop({ observed }: ClusterView): Outcome | null {
  const slots = observed.slots
    .filter(({ pod, report }) => pod !== null && pod.deletionDueMs !== null && report?.kind === 'Answered')
    .map(({ name }) => name);
  if (slots.length === 0) return null;
  return act({ kind: 'LetStop', slots }, slots.join(', '), 'the namespace is being deleted, and all members with it');
}

/** Stops the pods first: one that restarts meanwhile would make its volume anew, and nobody would delete that. */
function deleteVolumes({ cluster, sets, places }: ClusterView): ReturnType<Rule> {
  const { uid, name } = cluster.metadata;
  for (const set of setNames) {
    const live = sets[set];
    if (live === null || live.isTerminating || live.ownerUid !== uid || live.replicas === 0) continue;
    const { resourceVersion, start } = live;
    return act({ kind: 'ScaleSet', set, replicas: 0, start, resourceVersion }, name, 'the RaftCluster is deleted');
  }
  for (const { volume } of places) {
    if (volume === null || volume.isTerminating || volume.isReleased || volume.ownerUid !== uid) continue;
    return act(
      { kind: 'DisposeVolume', volume: ref(volume), ownerUid: uid },
      volume.name,
      'the RaftCluster is deleted with the policy Delete',
    );
  }
  return act({ kind: 'RemoveFinalizer' }, name, 'its volumes are deleted');
}
