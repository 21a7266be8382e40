/** Leadership transfer (thesis section 3.10). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from './testing/cluster.ts';

const THREE = { voters: [1, 2, 3] };

test('leadership goes to a voter that is up to date, at once', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  assert.equal(cluster.member(1).raft.transferLeadership(2), true);
  cluster.settle();
  assert.equal(cluster.leader()?.id, 2);
  assert.equal(cluster.eventsOf(1, 'SteppedDown')[0]?.why, 'Transferred');
});

test('a successor that lags catches up first', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.isolate(2);
  for (let i = 0; i < 5; i++) cluster.propose(1, `value ${i}`);
  cluster.settle();
  cluster.heal();
  cluster.member(1).raft.transferLeadership(2);
  cluster.tick(3);
  assert.equal(cluster.leader()?.id, 2);
});

test('proposals are refused meanwhile, and resume when the transfer times out', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.isolate(2);
  const { raft } = cluster.member(1);
  raft.transferLeadership(2);
  assert.deepEqual(cluster.propose(1, 'x'), { accepted: false, reason: 'LeadershipTransfer' });
  cluster.tick(9);
  assert.equal(raft.status().transferee, 2);
  cluster.tick(1);
  assert.equal(raft.status().transferee, 0);
  assert.deepEqual(cluster.eventsOf(1, 'TransferAborted'), [{ kind: 'TransferAborted', to: 2 }]);
  assert.equal(cluster.propose(1, 'x').accepted, true);
});

test('a transfer does not start towards a learner, a stranger, oneself, or from a follower', () => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4] });
  cluster.elect(1);
  for (const to of [1, 4, 9]) assert.equal(cluster.member(1).raft.transferLeadership(to), false);
  assert.equal(cluster.member(2).raft.transferLeadership(3), false);
});

test('a second wish replaces the first', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.isolate(2);
  cluster.member(1).raft.transferLeadership(2);
  cluster.member(1).raft.transferLeadership(3);
  cluster.settle();
  assert.equal(cluster.eventsOf(1, 'TransferAborted')[0]?.to, 2);
  assert.equal(cluster.leader()?.id, 3);
});

test('a transfer ends when its target is removed', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.member(1).isApplyHeld = true;
  cluster.changeTo(1, { voters: [1, 3], learners: [] });
  cluster.settle();
  cluster.isolate(2);
  cluster.member(1).raft.transferLeadership(2);
  cluster.member(1).isApplyHeld = false;
  cluster.settle();
  assert.equal(cluster.eventsOf(1, 'TransferAborted')[0]?.to, 2);
});

test('a learner that is told to campaign does not', () => {
  const cluster = new Cluster({ voters: [1, 2], learners: [3] });
  cluster.elect(1);
  cluster.answersTo({ kind: 'TimeoutNow', from: 1, to: 3, term: 2 });
  assert.equal(cluster.member(3).raft.role, 'Follower');
});

test('a peer that answers is known to be there at every moment, and one that does not is not for long', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  const { raft } = cluster.member(1);
  const present = (): readonly number[] =>
    raft.status().peers.flatMap((peer) => (peer.isRecentlyActive ? peer.id : []));
  cluster.tick(1);
  for (let ticks = 0; ticks < 25; ticks++) {
    raft.tick();
    assert.deepEqual(present(), [2, 3], `before the answers of tick ${ticks}`);
    cluster.settle();
  }
  cluster.isolate(3);
  cluster.tick(22);
  assert.deepEqual(present(), [2]);
});
