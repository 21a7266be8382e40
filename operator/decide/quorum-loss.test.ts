/** For how long a lost quorum is waited for; what comes after the offer is in decide.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Slot } from '../observe/types.ts';
import { answerOf, configurationOf, podOf, settledOf, slotOf, startMs } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';
import type { Decision } from './types.ts';

/** Three members of which db-1 and db-2 have been away for so many minutes. */
function afterMinutes(minutes: number, change: Partial<Slot>): Decision {
  const lostSince = new Date(startMs - minutes * 60_000).toISOString();
  const status = answerOf(0, { role: 'Follower', members: [...configurationOf(3).members], config_index: 9 });
  const { leader: _, ...leaderless } = status;
  const away = (ordinal: number): Slot =>
    slotOf(ordinal, { pod: podOf(ordinal, { isReady: false, createdMs: 0 }), ...change });
  const members = ['db-1', 'db-2'].map((name) => ({ name, role: 'Follower' as const, ready: false, lostSince }));
  const slots = [slotOf(0, { report: { kind: 'Answered', status: leaderless } }), away(1), away(2)];
  return decide(settledOf({}, { members }, { slots, configuration: null, configurationError: 'no leader' }));
}

const isOffered = ({ act }: Decision): boolean => act?.kind === 'Record' && act.status.quorumRecovery !== undefined;

test('members that are silent for longer than the threshold are given up for lost', () => {
  assert.equal(isOffered(afterMinutes(4, { report: null })), false);
  assert.equal(isOffered(afterMinutes(6, { report: null })), true);
});

test('members that still open their data get as much longer as before a replacement, and are named', () => {
  const opening: Partial<Slot> = {
    report: { kind: 'Unreachable', error: 'it still opens its data', isOpening: true },
  };
  const decision = afterMinutes(59, opening);
  assert.equal(decision.act, null);
  assert.match(
    decision.plan.blockers.join('; '),
    /2 are away: db-1, db-2; db-1 is alive and still opens its data; db-2 is alive and still opens its data/,
  );
  assert.equal(isOffered(afterMinutes(61, opening)), true);
});
