import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RestoredLog } from '../storage/types.ts';
import type { Membership } from '../store/types.ts';
import { restore } from './restore.ts';

const membershipAt = (configIndex: number, voters: number[]): Membership => ({
  configIndex,
  lastMemberId: 9,
  members: voters.map((id) => ({ id, name: `m${id}`, peerAddress: `host:${id}`, incarnation: `${id}` })),
  voters,
  leaving: null,
});

const log = (overrides: Partial<RestoredLog> = {}): RestoredLog => ({
  hardState: { term: 5, vote: 2, commit: 40 },
  configuration: null,
  base: { index: 10, term: 3 },
  entries: [],
  ...overrides,
});

test('a configuration that the log knows is used though the state has not re-applied it yet', () => {
  const durable = { membership: membershipAt(30, [1, 2]), commit: 30 };
  const { raft, membership } = restore(log({ configuration: durable, hardState: { term: 5, vote: 2, commit: 20 } }), {
    appliedIndex: 15,
    membership: membershipAt(12, [1, 2, 3]),
  });
  assert.equal(membership, durable.membership);
  assert.deepEqual(raft.configuration.voters, [1, 2]);
  assert.equal(raft.configurationIndex, 30);
  assert.equal(raft.mustReapplyThrough, 30);
});

test('a state that is ahead of the durable configuration wins, and what it applied counts as committed', () => {
  const { raft, membership } = restore(
    log({
      configuration: { membership: membershipAt(12, [1, 2, 3]), commit: 12 },
      hardState: { term: 5, vote: 2, commit: 20 },
    }),
    { appliedIndex: 35, membership: membershipAt(30, [1, 2]) },
  );
  assert.equal(membership?.configIndex, 30);
  assert.equal(raft.hardState.commit, 35);
});

test('a founder begins in the term of its founding, without a vote', () => {
  const { raft } = restore(log({ hardState: { term: 0, vote: 0, commit: 0 }, base: { index: 1, term: 1 } }), {
    appliedIndex: 1,
    membership: membershipAt(1, [1, 2, 3]),
  });
  assert.deepEqual(raft.hardState, { term: 1, vote: 0, commit: 1 });
});

test('a joiner without state is nobody yet', () => {
  const { raft, membership } = restore(
    log({ hardState: { term: 0, vote: 0, commit: 0 }, base: { index: 0, term: 0 } }),
    null,
  );
  assert.equal(membership, null);
  assert.deepEqual(raft.configuration, { voters: [], leaving: null, learners: [] });
  assert.equal(raft.applied, 0);
});
