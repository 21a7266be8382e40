/** When a lost member is replaced, and when it is left; that no replacement breaks a promise is in decide.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RaftClusterSpecInput, RaftClusterStatus } from '../api/types.ts';
import type { Observed, Slot } from '../observe/types.ts';
import { answerOf, ledSlots, peerOf, podOf, settledOf, startMs, volumeOf } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

const minutesAgo = (minutes: number): string => new Date(startMs - minutes * 60_000).toISOString();

/** Three members of which db-2 is lost since so many minutes, and its place is like this. */
function losing(
  place: Partial<Slot>,
  sinceMinutes: number,
  status: RaftClusterStatus = {},
  spec: RaftClusterSpecInput = {},
): Observed {
  const members = [{ name: 'db-2', role: 'Follower' as const, ready: false, lostSince: minutesAgo(sinceMinutes) }];
  const silent = { ...peerOf(3), match: 2, state: 'Probe' as const, last_contact_ms: null };
  const leader = answerOf(0, { peers: [peerOf(2), silent], last_index: 9 });
  const slots = ledSlots(
    [0, { report: { kind: 'Answered', status: leader } }],
    [2, { pod: podOf(2, { isReady: false, createdMs: 0 }), report: null, ...place }],
  );
  return settledOf(spec, { members, ...status }, { slots });
}

const replaced = (observed: Observed): string | null => {
  const { act } = decide(observed);
  return act?.kind === 'Record' ? (act.status.replacing?.name ?? null) : null;
};
const whyNot = (observed: Observed): string => {
  const { act, plan } = decide(observed);
  assert.equal(act, null, plan.reason);
  return plan.blockers.join('; ');
};

const crashing: Partial<Slot> = {
  pod: podOf(2, { isReady: false, createdMs: 0, waitingReason: 'CrashLoopBackOff' }),
};

test('a member that crashes while others of the same template work is replaced, but not before its time', () => {
  assert.match(whyNot(losing(crashing, 4)), /db-2 is not replaced: it is away, and has 300 s to come back/);
  assert.equal(replaced(losing(crashing, 6)), 'db-2');
  assert.equal(replaced(losing(crashing, 4, {}, { healing: { notReadyAfterSeconds: 60 } })), 'db-2');
});

test('a member that is alive and still opens its data is left, but not for ever, nor when it crashes meanwhile', () => {
  const opening: Partial<Slot> = {
    pod: podOf(2, { isReady: false, createdMs: 0 }),
    report: { kind: 'Unreachable', error: 'it still opens its data', isOpening: true },
  };
  assert.match(whyNot(losing(opening, 59)), /db-2 is not replaced: .* it is alive and still opens its data/);
  assert.equal(replaced(losing(opening, 61)), 'db-2');
  assert.equal(replaced(losing({ ...opening, report: { kind: 'Unreachable', error: 'refused' } }, 6)), 'db-2');
  assert.equal(replaced(losing(crashing, 6)), 'db-2');
});

test('a new pod gets the whole time anew', () => {
  const young = { pod: podOf(2, { isReady: false, createdMs: startMs - 60_000, waitingReason: 'CrashLoopBackOff' }) };
  assert.match(whyNot(losing(young, 60)), /has 300 s to come back/);
});

test('no more are replaced in an hour than may be, and older replacements do not count', () => {
  const before = (...minutes: number[]): RaftClusterStatus => ({
    replacements: minutes.map((ago) => ({ name: 'db-1', at: minutesAgo(ago) })),
  });
  const why = whyNot(losing(crashing, 6, before(10, 50)));
  assert.match(why, /db-2 is not replaced now: 2 were replaced in the last hour, 2 may be/);
  assert.equal(replaced(losing(crashing, 6, before(10, 61))), 'db-2');
  const { act } = decide(losing(crashing, 6, before(10, 61)));
  assert.ok(act?.kind === 'Record');
  assert.deepEqual(
    act.status.replacements?.map(({ name, at }) => [name, at]),
    [
      ['db-1', minutesAgo(10)],
      ['db-2', minutesAgo(0)],
    ],
  );
});

test('what a new volume would not cure is left, with the reason', () => {
  const places: readonly (readonly [Partial<Slot>, RegExp])[] = [
    [{ pod: null }, /because it has no pod \(if it stays so, the events of StatefulSet db say why\)/],
    [
      { pod: null, volume: volumeOf(2, { isLabelled: false, incarnation: null }) },
      /put the label quorate\.dev\/cluster: db back on its claim data-db-2/,
    ],
    [
      { pod: podOf(2, { isReady: false, createdMs: 0, waitingReason: 'ImagePullBackOff' }) },
      /because of ImagePullBackOff/,
    ],
    [
      { pod: podOf(2, { isReady: false, createdMs: 0, node: null, unschedulable: '0/3 nodes have memory' }) },
      /more than 300 s: 0\/3 nodes have memory/,
    ],
    [
      {
        pod: podOf(2, { isReady: false, createdMs: 0, node: { ...podOf(2).node!, isReady: false } }),
      },
      /node node-2 may still run it: bring the node back, taint it/,
    ],
  ];
  for (const [place, why] of places) assert.match(whyNot(losing(place, 60)), why);
});

test('nor is one that only its new template may have broken: no other member runs with it yet', () => {
  const observed = losing(crashing, 60);
  const slots = observed.slots.map((slot): Slot => {
    const { pod, name } = slot;
    return name === 'db-2' || pod === null ? slot : { ...slot, pod: { ...pod, templateHash: 'before' } };
  });
  assert.match(whyNot({ ...observed, slots }), /so far no other member works with the same pod template/);
});

test('a volume that is lost or gone for certain is replaced, with healing switched off it is said', () => {
  const pending = podOf(2, { isReady: false, createdMs: 0, node: null, phase: 'Pending' });
  assert.equal(replaced(losing({ pod: pending, volume: volumeOf(2, { phase: 'Lost' }) }, 6)), 'db-2');
  const why = whyNot(losing(crashing, 6, {}, { healing: { mode: 'Disabled' } }));
  assert.match(why, /spec\.healing\.mode is Disabled/);
});
