/**
 * StatefulSets of a deleted RaftCluster of the same name, and their pods: they go before this one's are made. A
 * StatefulSet that finds its pod's name taken tries again after minutes, since nothing tells it when the name is free.
 */
import { setName } from '../api/names.ts';
import { setNames } from './cluster-view.ts';
import { pass, type Rule, wait } from './rule.ts';

/** Beyond the time by which a pod should be gone: its node is dead, and the others need not wait for it. */
const OVERDUE_MS = 30_000;

export const formerCluster: Rule = ({ sets, cluster, places, nowMs }) => {
  const { name, uid } = cluster.metadata;
  for (const set of setNames) {
    const live = sets[set];
    if (live === null) {
      const former = places.find(
        ({ set: of, pod }) =>
          of === set &&
          pod !== null &&
          pod.setUid !== null &&
          (pod.deletionDueMs === null || nowMs < pod.deletionDueMs + OVERDUE_MS),
      );
      if (former === undefined) continue;
      const reason = `pod ${former.name} of a StatefulSet that is gone still ends`;
      return wait(reason, [], { mayApply: false, requeueAfterMs: 1000 });
    }
    const object = `StatefulSet ${setName(name, set)}`;
    if (live.isTerminating) return wait(`${object} is being deleted`, [], { mayApply: false });
    if (live.ownerUid === uid) continue;
    return wait(
      `${object} is not this RaftCluster's`,
      [`${object} belongs to ${live.ownerUid === null ? 'nobody' : 'another object'}: delete it if nothing does soon`],
      { mayApply: false },
    );
  }
  return pass;
};
