/** Changes of membership (thesis chapter 4), effective at apply as in etcd-io/raft. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from './testing/cluster.ts';

const isLeave = (message: { kind: string; entries?: readonly { kind: number; data: Uint8Array }[] }) =>
  message.kind === 'AppendRequest' && (message.entries ?? []).some((e) => e.kind === 1 && e.data.length === 0);

test('a learner is added, catches up and is promoted (4.2.1)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.add(4);
  cluster.changeTo(1, { voters: [1, 2, 3], learners: [4] });
  cluster.settle();
  assert.equal(cluster.member(4).state.index, cluster.member(1).state.index);
  cluster.changeTo(1, { voters: [1, 2, 3, 4], learners: [] });
  cluster.settle();
  for (const id of [1, 2, 3, 4]) assert.deepEqual(cluster.configurationOf(id).voters, [1, 2, 3, 4]);
  assert.equal(cluster.snapshotsNeeded.length, 1);
});

test('a learner is replicated to but not counted for commitment', () => {
  const cluster = new Cluster({ voters: [1, 2], learners: [3, 4] });
  cluster.elect(1);
  cluster.isolate(2);
  cluster.propose(1, 'x');
  cluster.settle();
  assert.equal(cluster.member(3).raft.status().lastIndex, 3);
  assert.equal(cluster.member(1).raft.status().commit, 2);
});

test('a joint configuration is entered, needs both majorities, and is left by itself (4.3)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4, 5] });
  cluster.elect(1);
  cluster.changeTo(1, { voters: [1, 4, 5], learners: [] });
  cluster.isLost = isLeave;
  cluster.settle();
  assert.deepEqual(cluster.configurationOf(1), { voters: [1, 4, 5], leaving: [1, 2, 3], learners: [] });
  assert.equal(cluster.member(1).raft.status().commit, 3, 'the entry that leaves it is on no majority yet');
  cluster.isLost = ({ from, to }) => [2, 3].includes(from) || [2, 3].includes(to);
  cluster.tick(3);
  assert.equal(cluster.member(1).raft.status().commit, 3, 'the new majority alone does not commit');
  cluster.heal();
  cluster.tick(3);
  assert.deepEqual(cluster.configurationOf(1), { voters: [1, 4, 5], leaving: null, learners: [] });
});

test('a new leader leaves the joint configuration that it finds', () => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4, 5] });
  cluster.elect(1);
  cluster.changeTo(1, { voters: [3, 4, 5], learners: [] });
  cluster.isLost = isLeave;
  cluster.settle();
  cluster.crash(1);
  cluster.heal();
  cluster.tick(60);
  assert.deepEqual(cluster.configurationOf(3), { voters: [3, 4, 5], leaving: null, learners: [] });
});

test('one voter becomes three by one joint change', () => {
  const cluster = new Cluster({ voters: [1], learners: [2, 3] });
  cluster.elect(1);
  cluster.changeTo(1, { voters: [1, 2, 3], learners: [] });
  cluster.settle();
  assert.deepEqual(cluster.configurationOf(3), { voters: [1, 2, 3], leaving: null, learners: [] });
});

test('a leader that removes itself steps down once that is applied, and another leads (4.2.2)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.changeTo(1, { voters: [2, 3], learners: [] });
  cluster.settle();
  assert.equal(cluster.eventsOf(1, 'SteppedDown')[0]?.why, 'Removed');
  assert.ok([2, 3].includes(cluster.leader()?.id ?? 0), 'its chosen successor leads without a timeout');
  cluster.tick(100, [1]);
  assert.equal(cluster.member(1).raft.role, 'Follower', 'and it never campaigns again');
});

test('the removed leader’s last act is known to a quorum before it takes effect', () => {
  const cluster = new Cluster({ voters: [1, 2] });
  cluster.elect(1);
  cluster.isLost = (message) => message.to === 2 && 'commit' in message && message.commit >= 3;
  cluster.changeTo(1, { voters: [2], learners: [] });
  cluster.settle();
  assert.equal(cluster.member(1).raft.status().commit, 3);
  assert.equal(cluster.member(1).raft.role, 'Leader', 'member 2 does not know yet: it would still need our vote');
  cluster.heal();
  cluster.tick(2);
  assert.equal(cluster.member(1).raft.role, 'Follower');
  cluster.crash(1);
  cluster.crash(2);
  cluster.member(2).start();
  cluster.tick(30);
  assert.equal(cluster.leader()?.id, 2, 'knows it for good');
});

test('who may not apply before others know acknowledges all the same, however much that is', () => {
  const cluster = new Cluster({ voters: [1, 2], raft: { maxUnappliedBytes: 1 } });
  cluster.elect(1);
  cluster.isLost = (message) => message.to === 2 && 'commit' in message && message.commit >= 3;
  cluster.changeTo(1, { voters: [2], learners: [] });
  cluster.settle();
  assert.equal(cluster.member(1).raft.status().commit, 3, 'known to the leader alone');
  cluster.isolate(2);
  cluster.tick(25, [1]);
  assert.notEqual(cluster.member(1).raft.role, 'Leader');
  cluster.heal();
  cluster.elect(2);
  cluster.tick(3);
  assert.equal(cluster.member(2).raft.status().commit, 4, 'it needs the vote of the other one for that');
});

test('a member removed while away does not disturb the others when it returns (4.2.3)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3, 4] });
  cluster.elect(1);
  cluster.isolate(4);
  cluster.changeTo(1, { voters: [1, 2, 3], learners: [] });
  cluster.tick(100);
  const { term } = cluster.member(1).raft;
  cluster.heal();
  cluster.tick(100);
  assert.deepEqual([cluster.leader()?.id, cluster.member(1).raft.term], [1, term]);
});

test('a change that re-applies after a restart does not bring the older membership back', () => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.member(2).checkpoint();
  cluster.changeTo(1, { voters: [1, 2], learners: [3] });
  cluster.settle();
  cluster.changeTo(1, { voters: [1, 2], learners: [] });
  cluster.settle();
  cluster.crash(2);
  const member = cluster.member(2);
  member.start();
  assert.equal(member.state.configurationIndex, 1, 'the applied state has forgotten both');
  const seen = new Set<string>();
  for (let hasMoved = true; hasMoved; ) {
    hasMoved = member.collect();
    while (member.finishWrite() || member.apply()) seen.add(JSON.stringify(cluster.configurationOf(2)));
  }
  assert.deepEqual([...seen], [JSON.stringify({ voters: [1, 2], leaving: null, learners: [] })]);
});

test('a void change counts as settled when the driver says so', () => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  const { raft } = cluster.member(1);
  cluster.member(1).isApplyHeld = true;
  cluster.changeTo(1, { voters: [1, 2], learners: [] });
  cluster.settle();
  raft.applied(3);
  assert.deepEqual(cluster.changeTo(1, { voters: [1], learners: [] }), {
    accepted: false,
    reason: 'ConfigurationPending',
  });
  raft.applyConfiguration(3, cluster.configurationOf(1));
  assert.equal(cluster.changeTo(1, { voters: [1, 3], learners: [] }).accepted, true);
});
