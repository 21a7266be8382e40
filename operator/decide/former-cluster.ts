/** StatefulSets of a deleted RaftCluster of the same name: they go before this one's are made. */
import { setName } from '../api/names.ts';
import { setNames } from './cluster-view.ts';
import { pass, type Rule, wait } from './rule.ts';

export const formerCluster: Rule = ({ sets, cluster }) => {
  const { name, uid } = cluster.metadata;
  for (const set of setNames) {
    const live = sets[set];
    if (live === null) continue;
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
