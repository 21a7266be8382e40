import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RefusedHandshake } from '../transport/types.ts';
import { RefusedByPeers } from './refused-by-peers.ts';
import { ManualClock } from './testing/manual-clock.ts';

const ELECTION_TIMEOUT_MS = 100;
const LIMIT_MS = 300;
const removed: RefusedHandshake = { code: 'Removed', message: 'member 3 was removed' };

function start() {
  const clock = new ManualClock();
  const left: string[] = [];
  const at = { isAlone: true };
  const peers = new RefusedByPeers({
    clock,
    electionTimeoutMs: ELECTION_TIMEOUT_MS,
    isAlone: (forMs) => at.isAlone && forMs === LIMIT_MS,
    leave: (reason, message) => left.push(`${reason}: ${message}`),
  });
  return { clock, left, at, peers };
}

test('peers that refuse are believed when nobody else was there for three election timeouts', () => {
  const { clock, left, peers } = start();
  peers.refused(removed);
  clock.advance(LIMIT_MS - 1);
  assert.deepEqual(left, []);
  clock.advance(1);
  assert.deepEqual(left, ['Removed: member 3 was removed']);
});

test('each kind of refusal that says that we do not belong has its reason, others say nothing', () => {
  const { clock, left, peers } = start();
  for (const code of ['NotReady', 'UnknownMember', 'FormatTooNew', 'MemberIdMismatch'] as const) {
    peers.refused({ code, message: code });
    clock.advance(LIMIT_MS);
  }
  assert.deepEqual(left, []);
  for (const code of ['ClusterIdMismatch', 'IncarnationMismatch'] as const) {
    peers.refused({ code, message: code });
    clock.advance(LIMIT_MS);
  }
  assert.deepEqual(left, ['ForeignCluster: ClusterIdMismatch', 'NotAMember: IncarnationMismatch']);
});

test('it goes on while another peer is there, and is asked anew later', () => {
  const { clock, left, at, peers } = start();
  at.isAlone = false;
  peers.refused(removed);
  clock.advance(LIMIT_MS);
  assert.deepEqual(left, []);
  at.isAlone = true;
  clock.advance(LIMIT_MS);
  assert.deepEqual(left, []);
  peers.refused(removed);
  clock.advance(LIMIT_MS);
  assert.equal(left.length, 1);
});

test('a leader that is known makes what was said before void', () => {
  const { clock, left, peers } = start();
  peers.refused(removed);
  clock.advance(10);
  peers.leaderKnown();
  clock.advance(LIMIT_MS);
  assert.deepEqual(left, []);
});

test('a refusal waits its own time, also when an earlier one was void', () => {
  const { clock, left, peers } = start();
  peers.refused(removed);
  clock.advance(10);
  peers.leaderKnown();
  clock.advance(10);
  peers.refused({ ...removed, message: 'again' });
  clock.advance(LIMIT_MS - 1);
  assert.deepEqual(left, []);
  clock.advance(1);
  assert.deepEqual(left, ['Removed: again']);
});
