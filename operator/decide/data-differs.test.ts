/** That nothing breaks a promise while members differ is in decide.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RaftClusterStatus } from '../api/types.ts';
import type { Comparison, Observed, Slot } from '../observe/types.ts';
import { answerOf, configurationOf, ledSlots, podOf, settledOf, volumeOf } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

const differs = (members: readonly string[], isDecided = true): Comparison => ({ kind: 'Differs', members, isDecided });
const noted = (...members: string[]): RaftClusterStatus => ({ dataMismatch: { members, isDecided: true, since: 's' } });

const observed = (status: RaftClusterStatus, change: Partial<Observed>): Observed => settledOf({}, status, change);

test('what is found is written down, with an event that says it; and so is its end', () => {
  const found = decide(observed({}, { comparison: differs(['db-1']) })).act;
  assert.ok(found?.kind === 'Record');
  assert.deepEqual(found.event, {
    type: 'Warning',
    reason: 'DataDiffers',
    message: 'db-1 holds other keys than a quorum of the members: writes are refused until that is mended',
  });
  assert.partialDeepStrictEqual(found.status.dataMismatch, { members: ['db-1'], isDecided: true });
  const over = decide(observed(noted('db-1'), {})).act;
  assert.ok(over?.kind === 'Record' && over.event?.reason === 'DataConsistent');
  assert.equal(over.status.dataMismatch, undefined);
  assert.ok('dataMismatch' in over.status);
});

test('a follower that differs is left as it is, and the plan says what its user does', () => {
  const { act, plan } = decide(observed(noted('db-1'), { comparison: differs(['db-1']) }));
  assert.equal(act, null);
  assert.deepEqual(plan.blockers, [
    'db-1 holds other keys than a quorum: to have a member replaced, delete its volume claim and its pod (runbook QuorateCorrupt)',
  ]);
});

test('a leader that differs gives up the lead, since whoever joins or falls behind gets its keys', () => {
  const { act } = decide(observed(noted('db-0'), { comparison: differs(['db-0']) }));
  assert.ok(act?.kind === 'TransferLeader' && act.toName !== 'db-0');
});

test('no healthy member restarts meanwhile', () => {
  const outdated = ledSlots(
    ...[0, 1, 2].map((n): [number, Partial<Slot>] => [n, { pod: podOf(n, { templateHash: 'old' }) }]),
  );
  const { act, plan } = decide(observed(noted('db-1'), { comparison: differs(['db-1']), slots: outdated }));
  assert.equal(act, null);
  assert.ok(plan.blockers.includes('the rollout waits until db-1 holds the same keys as a quorum'));
});

test('nor is another that is lost replaced, when those that agree would be no quorum', () => {
  const parked = answerOf(2, { state: 'Parked', reason: 'Damaged', leader: 0 });
  const lost: Partial<Slot> = { report: { kind: 'Answered', status: parked } };
  const { act, plan } = decide(observed(noted('db-1'), { comparison: differs(['db-1']), slots: ledSlots([2, lost]) }));
  assert.equal(act, null);
  assert.match(plan.blockers.join(), /db-2 is not replaced: without db-2 there would be 2 voters, of which only 1/);
});

test('once its user has deleted the volume it is replaced like any other whose data is gone', () => {
  const empty = answerOf(1, { state: 'Parked', reason: 'NoData', incarnation: 'new', leader: 0 });
  const { cluster_id: _, member_id: __, ...status } = empty;
  const emptied: Partial<Slot> = {
    volume: volumeOf(1, { incarnation: 'new', clusterId: null, memberId: null }),
    report: { kind: 'Answered', status },
  };
  const { act } = decide(observed(noted('db-1'), { comparison: differs(['db-1']), slots: ledSlots([1, emptied]) }));
  assert.ok(act?.kind === 'Record');
  assert.equal(act.status.replacing?.memberID, '2');
});

test('while nobody knows whose keys are right nobody joins, leaves or restarts', () => {
  const status = { dataMismatch: { members: [], isDecided: false, since: 's' } };
  const configuration = configurationOf(2);
  const { act, plan } = decide(observed(status, { comparison: differs([], false), configuration }));
  assert.equal(act, null);
  assert.equal(plan.reason, 'the members hold different keys, and nobody knows whose are right');
});

test('a survivor that differs is not gone on from before its user has named it', () => {
  const away: Partial<Slot> = { pod: null, report: null, volume: null };
  const left = ledSlots([1, away], [2, away]).map((slot): Slot => {
    if (slot.report?.kind !== 'Answered') return slot;
    return { ...slot, report: { kind: 'Answered', status: { ...slot.report.status, leader: 0, role: 'Follower' } } };
  });
  const offered = { nonce: 'n', survivors: ['db-0'], lost: ['db-1', 'db-2'], step: 'Offered' as const, since: 's' };
  const members = [0, 1, 2].map((n) => ({
    name: `db-${n}`,
    role: 'Follower' as const,
    ready: false,
    incarnation: `i${n}`,
    lostSince: '2026-01-01T00:00:00.000Z',
  }));
  const consenting = (survivor?: string): ReturnType<typeof decide> => {
    const view = observed(
      { ...noted('db-0'), hasFormed: true, quorumRecovery: offered, members },
      { comparison: differs(['db-0']), slots: left, configuration: null, configurationError: 'no quorum' },
    );
    const consent = { ...view.cluster.spec.quorumRecovery, acknowledge: 'n', ...(survivor && { survivor }) };
    return decide({ ...view, cluster: { ...view.cluster, spec: { ...view.cluster.spec, quorumRecovery: consent } } });
  };
  assert.match(consenting().plan.blockers.join(), /db-0 holds other keys than a quorum did: say by/);
  const { act } = consenting('db-0');
  assert.ok(act?.kind === 'Record' && act.status.quorumRecovery?.survivor === 'db-0');
});
