/**
 * StatefulSets of a deleted RaftCluster of the same name, and their pods: they go before this one's are made. A
 * StatefulSet that finds its pod's name taken tries again after minutes, since nothing tells it when the name is free.
 */
import { type SetName, setName } from '../api/names.ts';
import type { SetView } from '../observe/types.ts';
import { type ClusterView, placesOf, setNames } from './cluster-view.ts';
import { firstOf, type Outcome, pass, type Rule, SOON_MS, wait } from './rule.ts';

/** So long after a pod should have gone its node counts as dead, and nobody needs to wait for it any more. */
const OVERDUE_MS = 30_000;

export const formerCluster: Rule = (view) =>
  firstOf(
    setNames.map((set) => {
      const live = view.sets[set];
      return live === null ? podsOfFormer(view, set) : formerSet(view, set, live);
    }),
  );

function podsOfFormer(view: ClusterView, set: SetName): Outcome {
  const former = placesOf(view, set).find(
    ({ pod }) =>
      pod !== null &&
      pod.setUid !== null &&
      (pod.deletionDueMs === null || view.nowMs < pod.deletionDueMs + OVERDUE_MS),
  );
  if (former === undefined) return pass;
  const reason = `pod ${former.name} of a StatefulSet that is gone still ends`;
  return wait(reason, [], { mayApply: false, requeueAfterMs: SOON_MS });
}

function formerSet({ cluster }: ClusterView, set: SetName, live: SetView): Outcome {
  const { name, uid } = cluster.metadata;
  const object = `StatefulSet ${setName(name, set)}`;
  if (live.isTerminating) return wait(`${object} is being deleted`, [], { mayApply: false });
  if (live.ownerUid === uid) return pass;
  return wait(
    `${object} is not this RaftCluster's`,
    [`${object} belongs to ${live.ownerUid === null ? 'nobody' : 'another object'}: delete it if nothing does soon`],
    { mayApply: false },
  );
}
