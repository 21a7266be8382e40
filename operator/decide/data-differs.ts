/**
 * Members that hold different keys (alarm CORRUPT). What is wrong must not spread, and what could tell why must not be
 * destroyed: a newcomer gets its data from the leader, so the leader must be one of those that agree, and where nobody
 * knows who is right, nobody joins and nobody leaves. A member that differs is replaced only by its user, who deletes its
 * volume; until then it does not count as healthy, so that no other is removed, restarted or given the lead in its favour.
 */
import type { RaftClusterStatus } from '../api/types.ts';
import { verb } from '../api/verb.ts';
import type { Comparison } from '../observe/types.ts';
import { type ClusterView, isoTime } from './cluster-view.ts';
import { handOver } from './hand-over.ts';
import { note, type Outcome, pass, type Rule, record, SOON_MS, wait } from './rule.ts';

type Differs = Extract<Comparison, { kind: 'Differs' }>;

export const dataDiffers: Rule = (view) => {
  const { comparison } = view.observed;
  switch (comparison.kind) {
    case 'NotTold':
      return pass;
    case 'Equal':
      return view.status.dataMismatch === undefined ? pass : over(view);
    case 'Differs':
      return isNoted(view.status, comparison) ? keepFromSpreading(view, comparison) : noteIt(view, comparison);
  }
};

function noteIt(view: ClusterView, { members, isDecided }: Differs): Outcome {
  const dataMismatch = { members: [...members], isDecided, since: isoTime(view.nowMs) };
  const message = isDecided
    ? `${members.join(', ')} ${verb(members, 'holds', 'hold')} other keys than a quorum of the members: writes are refused until that is mended`
    : 'The members hold different keys, and no quorum of them the same: writes are refused until that is mended';
  return record({ dataMismatch }, 'Warning', 'DataDiffers', message, members[0] ?? view.cluster.metadata.name);
}

function over({ cluster }: ClusterView): Outcome {
  const message = 'No member is marked any more as holding other keys: writes go on';
  return record({ dataMismatch: undefined }, 'Normal', 'DataConsistent', message, cluster.metadata.name);
}

function keepFromSpreading(view: ClusterView, { members, isDecided }: Differs): Outcome {
  const { leader } = view;
  if (!isDecided) {
    return wait('the members hold different keys, and nobody knows whose are right', [
      'find out whose are, and lift the alarm CORRUPT (runbook QuorateCorrupt)',
    ]);
  }
  const why = `${members.join(', ')} ${verb(members, 'holds', 'hold')} other keys than a quorum`;
  if (leader === null) return wait(why, ['nobody joins until the leader answers'], { requeueAfterMs: SOON_MS });
  if (leader.differs) {
    const outcome = handOver(
      view,
      leader,
      'it holds other keys than a quorum, and newcomers get theirs from the leader',
    );
    if (outcome.kind !== 'Note') return outcome;
    return wait(why, [...outcome.blockers, 'nobody joins before another leads, or the alarm CORRUPT is lifted']);
  }
  return note(`${why}: to have a member replaced, delete its volume claim and its pod (runbook QuorateCorrupt)`, null);
}

function isNoted({ dataMismatch: noted }: RaftClusterStatus, { members, isDecided }: Differs): boolean {
  return (
    noted !== undefined &&
    noted.isDecided === isDecided &&
    noted.members.length === members.length &&
    noted.members.every((name) => members.includes(name))
  );
}
