import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Proposal, Result } from '../store/types.ts';
import { type Pending, Proposals } from './proposals.ts';
import { RequestError } from './types.ts';

const ORIGIN = 7;
const done: Result = { kind: 'Put', revision: 2, previous: null };

type Outcome = { result: Result | null; error: RequestError | null };

function setUp(maxCount = 100, maxBytes = 1000) {
  const proposals = new Proposals(ORIGIN, maxCount, maxBytes);
  const add = (options: Partial<Pending> = {}): { pending: Pending; outcome: Outcome } => {
    const outcome: Outcome = { result: null, error: null };
    const pending: Pending = {
      sequence: proposals.nextSequence(),
      data: Buffer.alloc(10),
      deadlineMs: 1000,
      isIdempotent: false,
      mayForward: true,
      isConfiguration: false,
      resolve: (result) => {
        outcome.result = result;
      },
      reject: (error) => {
        outcome.error = error;
      },
      term: 0,
      ...options,
    };
    proposals.add(pending);
    return { pending, outcome };
  };
  return { proposals, add };
}

const proposalOf = (origin: number, sequence: number): Proposal => ({
  origin,
  sequence,
  timeMs: 0,
  idempotency: null,
  command: { kind: 'Compact', revision: 1 },
});

test('a proposal gets the result of the entry that carries its origin and sequence', () => {
  const { proposals, add } = setUp();
  const { pending, outcome } = add();
  proposals.markHandedOver(proposals.takeWaiting(), 3);
  proposals.applied(proposalOf(ORIGIN, pending.sequence), done);
  assert.equal(outcome.result, done);
  assert.equal(proposals.count, 0);
});

test('an entry of another process life does not answer a proposal with the same sequence', () => {
  const { proposals, add } = setUp();
  const { pending, outcome } = add();
  proposals.applied(proposalOf(ORIGIN + 1, pending.sequence), done);
  assert.equal(outcome.result, null);
});

test('what the leader of an earlier term has not committed is handed over again once a later term applies', () => {
  const { proposals, add } = setUp();
  const { pending } = add();
  proposals.markHandedOver(proposals.takeWaiting(), 3);
  assert.equal(proposals.reachedTerm(3), 0);
  assert.equal(proposals.hasWaiting, false);
  assert.equal(proposals.reachedTerm(4), 1);
  assert.deepEqual(proposals.takeWaiting(), [pending]);
});

test('what was handed to the leader of the new term is not handed over twice', () => {
  const { proposals, add } = setUp();
  add();
  proposals.markHandedOver(proposals.takeWaiting(), 5);
  assert.equal(proposals.reachedTerm(4), 0);
  assert.equal(proposals.hasWaiting, false);
});

test('a refusal of another term is ignored: the proposal is in the hands of a newer leader', () => {
  const { proposals, add } = setUp();
  const { pending } = add();
  proposals.markHandedOver(proposals.takeWaiting(), 4);
  proposals.refused([pending.sequence], 3);
  assert.equal(proposals.hasWaiting, false);
  proposals.refused([pending.sequence], 4);
  assert.equal(proposals.hasWaiting, true);
});

test('a change of membership that was lost is refused instead of handed over again', () => {
  const { proposals, add } = setUp();
  const { outcome } = add({ isConfiguration: true });
  proposals.markHandedOver(proposals.takeWaiting(), 3);
  proposals.reachedTerm(4);
  assert.equal(outcome.error?.code, 'no_leader');
  assert.equal(proposals.hasWaiting, false);
});

test('after a snapshot only a keyed write is tried again; of another the outcome is unknown', () => {
  const { proposals, add } = setUp();
  const keyed = add({ isIdempotent: true });
  const plain = add();
  const waiting = add();
  proposals.markHandedOver(proposals.takeWaiting(), 3);
  proposals.putBack([waiting.pending]);
  proposals.entriesSkipped();
  assert.equal(plain.outcome.error?.code, 'outcome_unknown');
  assert.deepEqual(new Set(proposals.takeWaiting()), new Set([keyed.pending, waiting.pending]));
});

test('a keyed write that a snapshot may have brought is never refused for certain, whatever comes after', () => {
  const { proposals, add } = setUp();
  const keyed = add({ isIdempotent: true });
  proposals.markHandedOver(proposals.takeWaiting(), 3);
  proposals.entriesSkipped();
  proposals.reject(keyed.pending, { code: 'no_space' } as RequestError);
  assert.equal(keyed.outcome.error?.code, 'outcome_unknown');
});

test('a refusal that comes late does not end what a later leader was given', () => {
  const { proposals, add } = setUp();
  const { pending, outcome } = add();
  proposals.markHandedOver(proposals.takeWaiting(), 3);
  proposals.reachedTerm(4);
  proposals.markHandedOver(proposals.takeWaiting(), 4);
  proposals.abandon(pending.sequence, 3, { code: 'no_space' } as RequestError);
  assert.equal(proposals.count, 1);
  proposals.abandon(pending.sequence, 4, { code: 'no_space' } as RequestError);
  assert.equal(outcome.error?.code, 'no_space');
});

test('past its deadline a write that no leader took did not happen, one that a leader took may have', () => {
  const { proposals, add } = setUp();
  const taken = add();
  proposals.markHandedOver(proposals.takeWaiting(), 3);
  const untaken = add();
  const noLeader = { code: 'no_leader' } as RequestError;
  proposals.expire(999, () => noLeader);
  assert.equal(untaken.outcome.result, null);
  assert.equal(proposals.count, 2);
  proposals.expire(1000, () => noLeader);
  assert.equal(untaken.outcome.error?.code, 'no_leader');
  assert.equal(taken.outcome.error?.code, 'outcome_unknown');
  assert.equal(proposals.takeWaiting().length, 0);
});

test('past the limits a write is refused before it is held', () => {
  const byCount = setUp(2);
  byCount.add();
  byCount.add();
  assert.throws(() => byCount.add(), { code: 'overloaded' });
  const bySize = setUp(100, 25);
  bySize.add();
  bySize.add();
  assert.throws(() => bySize.add(), { code: 'overloaded' });
  bySize.proposals.rejectAll(() => ({ code: 'stopping' }) as RequestError);
  bySize.add();
});

test('what has expired waits no longer for a leader: it would fill memory while there is none', () => {
  const { proposals, add } = setUp();
  const { outcome } = add();
  const { pending: patient } = add({ deadlineMs: 2000 });
  proposals.expire(1000, () => new RequestError('no_leader', 'nobody leads'));
  assert.equal(outcome.error?.code, 'no_leader');
  assert.equal(proposals.waitingBytes, patient.data.length);
  assert.deepEqual(proposals.takeWaiting(), [patient]);
});
