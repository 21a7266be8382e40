/** What has hurt the users of other Raft implementations, one test each; the name says where it was seen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken } from './invariant.ts';
import { Raft } from './raft.ts';
import { Cluster, entryOf } from './testing/cluster.ts';
import type { Heartbeat, Message } from './types.ts';

const THREE = { voters: [1, 2, 3] };

test('a single member acknowledges nothing before it is durable (etcd#14370)', () => {
  const cluster = new Cluster({ voters: [1] });
  cluster.elect(1);
  const member = cluster.member(1);
  member.isDiskHeld = true;
  cluster.propose(1, 'x');
  cluster.settle();
  assert.deepEqual([member.raft.status().commit, member.state.index], [2, 2]);
  member.isDiskHeld = false;
  cluster.settle();
  assert.deepEqual([member.raft.status().commit, member.state.index], [3, 3]);
});

test('a leader that was paused does not answer a later read from old confirmations (etcd#20418, raft#397)', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  const old = cluster.member(1);
  old.raft.readIndex(1);
  const heartbeats = cluster.outputOf(1).filter((message): message is Heartbeat => message.kind === 'Heartbeat');
  const answers = heartbeats.flatMap((message) => [...cluster.answersTo(message)]);
  // Paused here, with the answers in its socket, while another leads and writes.
  cluster.isolate(1);
  for (const id of [2, 3]) cluster.member(id).raft.forgetLeader(1);
  cluster.member(2).raft.campaign('LeaderLost');
  cluster.settle();
  cluster.propose(2, 'newer');
  cluster.settle();
  assert.equal(cluster.member(2).raft.status().commit, 4);
  old.raft.readIndex(2);
  for (const answer of answers) old.step(answer);
  cluster.settle();
  assert.deepEqual(
    cluster.answeredReads.map(({ requestId }) => requestId),
    [1],
    'only the read that was asked before the confirmation began',
  );
  cluster.heal();
  cluster.tick(2);
  assert.deepEqual(cluster.droppedReads, [{ member: 1, requestId: 2 }]);
});

test('an answer meant for this member’s previous life is not taken for this one’s', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.member(2).raft.readIndex(1);
  const [question] = cluster.outputOf(2);
  cluster.member(1).step(question as Message);
  const late: Message[] = [];
  cluster.isLost = (message) => message.kind === 'ReadIndexResponse' && late.push(message) > 0;
  cluster.settle();
  assert.equal(late.length, 1);
  cluster.crash(2);
  cluster.member(2).start();
  cluster.tick();
  cluster.member(2).raft.readIndex(1);
  cluster.settle();
  cluster.member(2).step(late[0] as Message);
  cluster.settle();
  assert.deepEqual(cluster.answeredReads, []);
});

test('a new leader holds reads until it has committed in its term (etcd#7331)', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(1, [1, 1]); // committed by the leader before, which this one does not know
  cluster.giveLog(2, [1, 1]);
  cluster.isLost = (message) => message.kind === 'AppendRequest';
  cluster.elect(1);
  cluster.member(1).raft.readIndex(1);
  cluster.tick(2);
  assert.deepEqual(cluster.answeredReads, []);
  cluster.heal();
  cluster.tick(2);
  assert.deepEqual(cluster.answeredReads, [{ member: 1, requestId: 1, index: 4 }]);
});

test('a leader whose disk hangs steps down, and does not campaign until it moves (hashicorp/raft#503)', () => {
  const cluster = new Cluster({ ...THREE, raft: { diskStallTicks: 15 } });
  cluster.elect(1);
  cluster.tick(100);
  assert.equal(cluster.leader()?.id, 1, 'an idle disk is no stalled one');
  const member = cluster.member(1);
  member.isDiskHeld = true;
  cluster.propose(1, 'x');
  cluster.settle();
  cluster.tick(14);
  assert.equal(member.raft.role, 'Leader');
  cluster.tick(1);
  assert.equal(cluster.eventsOf(1, 'SteppedDown')[0]?.why, 'DiskStalled');
  assert.ok([2, 3].includes(cluster.leader()?.id ?? 0), 'its chosen successor leads');
  cluster.isolate(1);
  cluster.tick(60);
  member.raft.campaign('Timeout');
  assert.equal(member.raft.role, 'Follower');
  member.isDiskHeld = false;
  cluster.settle();
  member.raft.campaign('Timeout');
  assert.equal(member.raft.role, 'PreCandidate');
});

test('a leader that cannot apply makes way for another voter, and does not campaign until it can', () => {
  const cluster = new Cluster(THREE);
  const { raft } = cluster.elect(1);
  cluster.tick(5);
  raft.tick(true);
  cluster.settle();
  assert.equal(cluster.eventsOf(1, 'SteppedDown')[0]?.why, 'StateStalled');
  assert.ok([2, 3].includes(cluster.leader()?.id ?? 0), 'its chosen successor leads');
  raft.campaign('Timeout');
  assert.equal(raft.role, 'Follower');
  raft.tick(false);
  raft.campaign('Timeout');
  assert.equal(raft.role, 'PreCandidate');
});

test('a leader that cannot apply stays while no other voter is there', () => {
  const cluster = new Cluster({ voters: [1], learners: [2] });
  const { raft } = cluster.elect(1);
  for (let n = 0; n < 20; n++) raft.tick(true);
  assert.equal(raft.role, 'Leader');
});

test('a snapshot leaves no conflicting suffix behind (hashicorp/raft#697)', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(3, [2, 2, 2, 2, 2, 2, 2, 2], { term: 3 });
  cluster.giveLog(1, [3, 3], { term: 3 });
  cluster.giveLog(2, [3, 3], { term: 3 });
  cluster.isolate(3);
  cluster.elect(1);
  cluster.tick(25);
  for (const id of [1, 2]) {
    cluster.member(id).checkpoint();
    cluster.member(id).cut(4);
  }
  cluster.heal();
  cluster.tick(5);
  assert.deepEqual(cluster.snapshotsNeeded, [{ from: 1, to: 3 }]);
  assert.equal(cluster.member(3).raft.status().lastIndex, 4);
  cluster.propose(1, 'x');
  cluster.settle();
  assert.equal(cluster.member(3).state.digest, cluster.member(1).state.digest);
});

test('a transfer that hangs ends by itself, whatever else keeps the leader alive (hashicorp/raft#696)', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.isLost = (message) => message.kind === 'TimeoutNow';
  cluster.member(1).raft.transferLeadership(2);
  for (let tick = 0; tick < 10; tick++) {
    cluster.member(1).raft.readIndex(tick);
    cluster.tick();
  }
  assert.equal(cluster.answeredReads.length, 10, 'reads go on');
  assert.equal(cluster.eventsOf(1, 'TransferAborted').length, 1);
  assert.equal(cluster.propose(1, 'x').accepted, true);
});

test('a leader that is heard but hears nobody makes way (openraft#2080, Cloudflare 2020)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3, 4, 5] });
  cluster.elect(1);
  cluster.isLost = ({ to }) => to === 1;
  cluster.tick(60);
  const leader = cluster.leader();
  assert.ok(leader !== null && leader.id !== 1);
  cluster.propose(leader.id, 'x');
  cluster.settle();
  assert.equal(leader.state.index, leader.raft.status().lastIndex);
});

test('a member that only some can reach does not unseat the leader again and again (Cloudflare 2020)', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.isLost = ({ from, to }) => [from, to].includes(1) && [from, to].includes(3);
  cluster.tick(300);
  assert.deepEqual([cluster.leader()?.id, cluster.member(1).raft.term], [1, 2]);
});

test('an acknowledgement beyond the leader’s log ends the process instead of being counted (openraft#1802)', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  const lie: Message = {
    kind: 'AppendResponse',
    from: 2,
    to: 1,
    term: 2,
    index: 99,
    rejected: false,
    hintIndex: 0,
    hintTerm: 0,
  };
  assert.throws(() => cluster.member(1).step(lie), InvariantBroken);
});

test('a second change of membership is refused with a reason, never silently void (raft#80)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4, 5] });
  cluster.elect(1);
  assert.equal(cluster.changeTo(1, { voters: [1, 2, 3, 4], learners: [5] }).accepted, true);
  const pending = { accepted: false, reason: 'ConfigurationPending' };
  assert.deepEqual(cluster.changeTo(1, { voters: [1, 2, 3, 5], learners: [4] }), pending);
  cluster.member(1).isApplyHeld = true;
  cluster.settle();
  assert.deepEqual(cluster.changeTo(1, { voters: [1, 2, 3, 5], learners: [4] }), pending, 'committed is not applied');
  cluster.member(1).isApplyHeld = false;
  cluster.settle();
  assert.equal(cluster.changeTo(1, { voters: [1, 2, 3, 4, 5], learners: [] }).accepted, true);
});

test('a new leader refuses a change while one of its predecessor may be pending (raft#43)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4] });
  cluster.elect(1);
  cluster.changeTo(1, { voters: [1, 2, 3, 4], learners: [] });
  const [append] = cluster.outputOf(1).filter((message) => message.to === 2);
  cluster.answersTo(append as Message);
  cluster.crash(1);
  cluster.member(2).isApplyHeld = true;
  cluster.elect(2);
  assert.equal(cluster.member(2).raft.status().hasCommittedInTerm, true);
  assert.deepEqual(cluster.changeTo(2, { voters: [2, 3], learners: [4] }), {
    accepted: false,
    reason: 'ConfigurationPending',
  });
});

test('a change that is not left yet refuses the next (JointConfiguration)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4, 5] });
  cluster.elect(1);
  cluster.changeTo(1, { voters: [1, 4, 5], learners: [] });
  const member = cluster.member(1);
  // Applied by hand, so that the core has had no turn to propose the leaving.
  member.isApplyHeld = true;
  cluster.settle();
  member.apply();
  assert.deepEqual(cluster.changeTo(1, { voters: [1], learners: [] }), {
    accepted: false,
    reason: 'JointConfiguration',
  });
});

test('no change before the leader has committed in its term (the single-server bug, Ongaro 2015)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3, 4] });
  cluster.isLost = (message) => message.kind === 'AppendRequest';
  cluster.elect(1);
  assert.deepEqual(cluster.changeTo(1, { voters: [1, 2, 3], learners: [] }), {
    accepted: false,
    reason: 'NotCommittedInTerm',
  });
  cluster.heal();
  cluster.tick(2);
  assert.equal(cluster.changeTo(1, { voters: [1, 2, 3], learners: [] }).accepted, true);
});

test('a removed member that returns with a higher term unseats nobody (hashicorp/raft#524)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3, 4] });
  cluster.elect(1);
  cluster.crash(4);
  cluster.changeTo(1, { voters: [1, 2, 3], learners: [] });
  cluster.settle();
  cluster.member(4).disk.hardState = { ...cluster.member(4).disk.hardState, term: 50, vote: 0 };
  cluster.member(4).start();
  cluster.tick(100);
  assert.deepEqual([cluster.leader()?.id, cluster.member(1).raft.term], [1, 2]);
});

test('a member whose applied state is older than its log’s base does not start (dragonboat#156)', () => {
  const cluster = new Cluster(THREE);
  const { options, disk } = cluster.member(1);
  const restored = {
    hardState: disk.hardState,
    base: { index: 7, term: 1 },
    entries: [entryOf(1, 8)],
    configuration: cluster.configurationOf(1),
    configurationIndex: 1,
    applied: 5,
    mustReapplyThrough: 5,
  };
  assert.throws(() => new Raft(options, restored), /before the log's base/);
});
