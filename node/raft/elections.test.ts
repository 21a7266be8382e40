/** Elections: paper sections 5.1, 5.2 and 5.4.1, figure 2; thesis sections 3.4, 3.10, 4.2.3, 6.2 and 9.6. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken } from './invariant.ts';
import { Cluster, entryOf } from './testing/cluster.ts';
import { randomFrom } from './testing/random.ts';
import type { Message, VoteRequest, VoteResponse } from './types.ts';

const THREE = { voters: [1, 2, 3] };
const FIVE = { voters: [1, 2, 3, 4, 5] };

function voteRequest(fields: Partial<VoteRequest> = {}): VoteRequest {
  return {
    kind: 'VoteRequest',
    from: 2,
    to: 1,
    term: 2,
    isPreVote: false,
    lastIndex: 1,
    lastTerm: 1,
    isTransfer: false,
    ...fields,
  };
}

function answerTo(cluster: Cluster, request: VoteRequest): VoteResponse | undefined {
  return cluster.answersTo(request).find((message): message is VoteResponse => message.kind === 'VoteResponse');
}

test('a member starts as follower and stays one while it hears its leader (5.2)', () => {
  const cluster = new Cluster(THREE);
  assert.equal(cluster.member(1).raft.role, 'Follower');
  cluster.elect(2);
  cluster.tick(100);
  assert.equal(cluster.leader()?.id, 2);
  assert.equal(cluster.member(1).raft.term, 2);
});

test('a follower that hears nothing for an election timeout campaigns (5.2)', () => {
  const cluster = new Cluster(THREE);
  cluster.isolate(1);
  cluster.tick(9);
  assert.equal(cluster.eventsOf(1, 'ElectionStarted').length, 0);
  cluster.tick(11);
  assert.deepEqual(cluster.eventsOf(1, 'ElectionStarted')[0], { kind: 'ElectionStarted', term: 2, reason: 'Timeout' });
});

test('election timeouts are spread over one to two times the configured one (3.4)', () => {
  const seen = new Set<number>();
  for (let seed = 1; seed <= 200; seed++) {
    const cluster = new Cluster({ ...THREE, raft: { random: randomFrom(seed) } });
    let ticks = 0;
    while (cluster.member(1).raft.role === 'Follower') {
      cluster.member(1).raft.tick();
      ticks++;
    }
    seen.add(ticks);
  }
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
  );
});

test('a majority of votes wins, and the leader tells everyone at once (5.2)', () => {
  const cluster = new Cluster(FIVE);
  cluster.isLost = ({ from, to }) => [4, 5].includes(from) || [4, 5].includes(to);
  cluster.elect(1);
  assert.equal(cluster.member(2).raft.leader, 1);
  assert.equal(cluster.member(1).raft.status().hasCommittedInTerm, true);
});

test('without a majority nobody wins', () => {
  const cluster = new Cluster(FIVE);
  cluster.isLost = ({ from, to }) => ![1, 2].includes(from) || ![1, 2].includes(to);
  cluster.tick(200);
  assert.equal(cluster.leader(), null);
});

test('a single voter elects itself as soon as its vote is durable', () => {
  const cluster = new Cluster({ voters: [1] });
  const member = cluster.member(1);
  member.isDiskHeld = true;
  member.raft.campaign('Single');
  cluster.settle();
  assert.equal(member.raft.role, 'Candidate');
  member.isDiskHeld = false;
  cluster.settle();
  assert.equal(member.raft.role, 'Leader');
});

test('a candidate’s own vote counts when it is durable, not when an earlier write is (etcd#14370)', () => {
  const cluster = new Cluster(THREE);
  const member = cluster.member(1);
  const fromLeader = { from: 2, to: 1, term: 2 } as const;
  member.step({
    ...fromLeader,
    kind: 'AppendRequest',
    previousIndex: 1,
    previousTerm: 1,
    entries: [entryOf(2, 2)],
    commit: 1,
  });
  member.collect();
  member.step({ ...fromLeader, kind: 'TimeoutNow' });
  member.collect();
  member.step({ kind: 'VoteResponse', from: 3, to: 1, term: 3, isPreVote: false, granted: true });
  member.finishWrite();
  assert.equal(member.raft.role, 'Candidate');
  member.finishWrite();
  assert.equal(member.raft.role, 'Leader');
});

test('a candidate asks for votes only when its term is durable, so that no term is campaigned in twice', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(2);
  cluster.member(1).isDiskHeld = true;
  assert.deepEqual(cluster.answersTo({ kind: 'TimeoutNow', from: 2, to: 1, term: 2 }), []);
  assert.equal(cluster.member(1).raft.role, 'Candidate');
  cluster.member(1).isDiskHeld = false;
  assert.deepEqual(
    cluster.outputOf(1).map((message) => [message.kind, message.to, message.term]),
    [
      ['VoteRequest', 2, 3],
      ['VoteRequest', 3, 3],
    ],
  );
});

test('a member that has not applied a committed configuration does not campaign under the old one (etcd#7625)', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(2);
  const member = cluster.member(1);
  member.isApplyHeld = true;
  cluster.changeTo(2, { voters: [1, 2], learners: [3] });
  cluster.tick(2);
  member.raft.forgetLeader(2);
  member.raft.campaign('LeaderLost');
  assert.equal(member.raft.role, 'Follower');
  member.isApplyHeld = false;
  cluster.outputOf(1);
  member.raft.campaign('LeaderLost');
  assert.equal(member.raft.role, 'PreCandidate');
});

test('a vote is given once a term, first come, first served (figure 2, RequestVote 2)', () => {
  const cluster = new Cluster(THREE);
  assert.equal(answerTo(cluster, voteRequest())?.granted, true);
  assert.equal(answerTo(cluster, voteRequest({ from: 3 }))?.granted, false);
  assert.equal(answerTo(cluster, voteRequest())?.granted, true, 'the same candidate may ask again');
  assert.equal(answerTo(cluster, voteRequest({ from: 3, term: 3 }))?.granted, true, 'a new term, a new vote');
});

test('the vote is remembered over a restart (figure 2, persistent state)', () => {
  const cluster = new Cluster(THREE);
  assert.equal(answerTo(cluster, voteRequest())?.granted, true);
  cluster.crash(1);
  cluster.member(1).start();
  assert.equal(answerTo(cluster, voteRequest({ from: 3 }))?.granted, false);
});

test('no vote leaves before it is durable', () => {
  const cluster = new Cluster(THREE);
  cluster.member(1).isDiskHeld = true;
  assert.equal(answerTo(cluster, voteRequest()), undefined);
  cluster.member(1).isDiskHeld = false;
  assert.deepEqual(
    cluster.outputOf(1).map((message) => message.kind),
    ['VoteResponse'],
  );
});

test('a vote is refused to whoever lacks the newest entries (5.4.1)', () => {
  const table = [
    { own: [2, 2], last: [2, 2], granted: false, why: 'shorter log of the same term' },
    { own: [2, 2], last: [3, 2], granted: true, why: 'the same log' },
    { own: [2, 2], last: [4, 2], granted: true, why: 'longer log of the same term' },
    { own: [2, 2], last: [2, 3], granted: true, why: 'shorter log of a later term' },
    { own: [2, 3], last: [9, 2], granted: false, why: 'longer log of an earlier term' },
  ];
  for (const { own, last, granted, why } of table) {
    const cluster = new Cluster(THREE);
    cluster.giveLog(1, own);
    const [lastIndex = 0, lastTerm = 0] = last;
    assert.equal(answerTo(cluster, voteRequest({ term: 5, lastIndex, lastTerm }))?.granted, granted, why);
  }
});

test('a candidate of an old term is refused, and a pre-candidate is told the term', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(1, [4]);
  assert.equal(answerTo(cluster, voteRequest({ term: 3, lastIndex: 9, lastTerm: 9 })), undefined);
  const refusal = answerTo(cluster, voteRequest({ term: 3, isPreVote: true, lastIndex: 9, lastTerm: 9 }));
  assert.deepEqual([refusal?.granted, refusal?.term], [false, 4]);
});

test('a candidate gives up when a leader of its term speaks, and when a majority refuses (5.2)', () => {
  const cluster = new Cluster(THREE);
  cluster.isLost = (message) => message.kind === 'VoteRequest' && !message.isPreVote;
  cluster.member(1).raft.campaign('Timeout');
  cluster.settle();
  assert.equal(cluster.member(1).raft.role, 'Candidate');
  cluster.answersTo({ kind: 'Heartbeat', from: 2, to: 1, term: 2, commit: 0, readCounter: 0 });
  assert.equal(cluster.member(1).raft.leader, 2);
  assert.equal(cluster.eventsOf(1, 'ElectionLost')[0]?.why, 'OtherLeader');

  const behind = new Cluster(THREE);
  behind.giveLog(2, [1, 1]);
  behind.giveLog(3, [1, 1]);
  behind.member(1).raft.campaign('Timeout');
  behind.settle();
  assert.equal(behind.member(1).raft.role, 'Follower');
  assert.equal(behind.eventsOf(1, 'ElectionLost')[0]?.why, 'Rejected');
});

test('any role gives way to a higher term (5.1)', () => {
  for (const role of ['Follower', 'Candidate', 'Leader'] as const) {
    const cluster = new Cluster(THREE);
    if (role === 'Candidate') cluster.isLost = (message) => message.kind === 'VoteRequest' && !message.isPreVote;
    if (role !== 'Follower') cluster.member(1).raft.campaign('Timeout');
    cluster.settle();
    assert.equal(cluster.member(1).raft.role, role);
    cluster.answersTo({ kind: 'HeartbeatResponse', from: 2, to: 1, term: 9, readCounter: 0 });
    assert.deepEqual([cluster.member(1).raft.role, cluster.member(1).raft.term], ['Follower', 9]);
  }
});

test('two leaders of one term end the process', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  const heartbeat: Message = { kind: 'Heartbeat', from: 2, to: 1, term: 2, commit: 0, readCounter: 0 };
  assert.throws(() => cluster.member(1).step(heartbeat), InvariantBroken);
});

test('a split vote is resolved by another round (5.2)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3, 4] });
  cluster.isLost = (message) => message.kind === 'VoteRequest' && Math.abs(message.from - message.to) > 1;
  cluster.member(1).raft.campaign('Timeout');
  cluster.member(4).raft.campaign('Timeout');
  cluster.settle();
  assert.equal(cluster.leader(), null);
  cluster.heal();
  cluster.tick(40);
  assert.notEqual(cluster.leader(), null);
});

test('a member cut off does not raise its term, so it returns without an election (9.6, pre-vote)', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.isolate(3);
  cluster.tick(200);
  assert.equal(cluster.member(3).raft.term, 2);
  cluster.heal();
  cluster.tick(20);
  assert.deepEqual([cluster.leader()?.id, cluster.member(1).raft.term], [1, 2]);
});

test('a pre-vote changes neither term nor vote nor timer (9.6)', () => {
  const cluster = new Cluster(THREE);
  assert.equal(answerTo(cluster, voteRequest({ isPreVote: true, term: 7 }))?.granted, true);
  const { term, vote } = cluster.member(1).raft.status();
  assert.deepEqual([term, vote], [1, 0]);
});

test('a granted pre-vote of an earlier campaign does not count', () => {
  const cluster = new Cluster(THREE);
  cluster.isolate(1);
  cluster.member(1).raft.campaign('Timeout');
  cluster.settle();
  const granted = { kind: 'VoteResponse', from: 2, to: 1, isPreVote: true, granted: true } as const;
  cluster.answersTo({ ...granted, term: 1 });
  cluster.answersTo({ ...granted, term: 5 });
  assert.equal(cluster.member(1).raft.role, 'PreCandidate');
  cluster.answersTo({ ...granted, term: 2 });
  assert.equal(cluster.member(1).raft.role, 'Candidate');
});

test('votes are withheld while a leader is heard, except for its own wish (4.2.3)', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(3);
  const late = { term: 9, lastIndex: 99, lastTerm: 8 };
  for (const to of [1, 3]) {
    assert.equal(answerTo(cluster, voteRequest({ ...late, to })), undefined);
    assert.equal(answerTo(cluster, voteRequest({ ...late, to, isPreVote: true })), undefined);
    assert.equal(cluster.member(to).raft.term, 2);
  }
  assert.equal(answerTo(cluster, voteRequest({ ...late, isTransfer: true }))?.granted, true);
});

test('a forgotten leader no longer withholds votes, and is followed again when heard', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(3);
  cluster.member(1).raft.forgetLeader(2);
  assert.equal(cluster.member(1).raft.leader, 3, 'a late report about another leader says nothing');
  cluster.member(1).raft.forgetLeader(3);
  assert.equal(answerTo(cluster, voteRequest({ isPreVote: true, term: 9, lastIndex: 99, lastTerm: 8 }))?.granted, true);
  cluster.tick();
  assert.equal(cluster.member(1).raft.leader, 3);
  assert.equal(cluster.member(1).raft.term, 2);
});

test('when a leader dies, those who saw it elect the next without waiting for a timeout', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.crash(1);
  cluster.member(2).raft.forgetLeader(1);
  cluster.member(2).raft.campaign('LeaderLost');
  cluster.settle();
  assert.equal(cluster.member(2).raft.role, 'PreCandidate', 'member 3 has not noticed yet');
  cluster.member(3).raft.forgetLeader(1);
  cluster.tick(1, [2]);
  assert.equal(cluster.member(2).raft.role, 'Leader');
});

test('followers that lose their leader in the same moment do not split the votes', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.crash(1);
  for (const id of [2, 3]) {
    cluster.member(id).raft.forgetLeader(1);
    cluster.member(id).raft.campaign('LeaderLost');
  }
  cluster.settle();
  assert.equal(cluster.leader()?.id, 2);
  assert.deepEqual(
    cluster.eventsOf(3, 'ElectionLost').map(({ why }) => why),
    ['Yielded'],
  );
});

test('of two that lose their leader in the same moment the one with the longer log is elected', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.isLost = ({ to }) => to === 2;
  cluster.member(1).raft.propose([new Uint8Array(1)]);
  cluster.settle();
  cluster.crash(1);
  cluster.isLost = () => false;
  for (const id of [2, 3]) {
    cluster.member(id).raft.forgetLeader(1);
    cluster.member(id).raft.campaign('LeaderLost');
  }
  cluster.settle();
  assert.equal(cluster.leader()?.id, 3);
});

test('a leader that cannot reach a majority for an election timeout steps down (6.2, CheckQuorum)', () => {
  const cluster = new Cluster(FIVE);
  cluster.elect(1);
  cluster.isLost = ({ from, to }) => ![1, 2].includes(from) || ![1, 2].includes(to);
  cluster.tick(21, [1, 2]);
  assert.equal(cluster.member(1).raft.role, 'Follower');
  assert.equal(cluster.eventsOf(1, 'SteppedDown')[0]?.why, 'NoQuorum');
});

test('a leader that a majority can answer stays', () => {
  const cluster = new Cluster(FIVE);
  cluster.elect(1);
  cluster.isLost = ({ from, to }) => [4, 5].includes(from) || [4, 5].includes(to);
  cluster.tick(100);
  assert.equal(cluster.leader()?.id, 1);
});

test('a member of an old term that is behind is helped up, and the cluster elects (pre-vote stall)', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(2, [4]);
  cluster.crash(3);
  cluster.member(1).raft.campaign('Timeout');
  cluster.settle();
  assert.equal(cluster.member(1).raft.term, 4);
  cluster.tick(60);
  assert.equal(cluster.leader()?.id, 2);
});

test('a leader of a lower term is told, so that a member stuck at a higher one comes back', () => {
  const cluster = new Cluster(THREE);
  cluster.crash(3);
  cluster.elect(1);
  cluster.giveLog(3, [], { term: 9 });
  cluster.tick(60);
  assert.ok((cluster.leader()?.raft.term ?? 0) >= 9);
  assert.equal(cluster.member(3).raft.leader, cluster.leader()?.id);
});

test('a learner neither campaigns nor counts', () => {
  const cluster = new Cluster({ voters: [1, 2], learners: [3, 4] });
  cluster.member(3).raft.campaign('Timeout');
  cluster.settle();
  assert.equal(cluster.member(3).raft.role, 'Follower');
  cluster.crash(2);
  cluster.tick(100);
  assert.equal(cluster.leader(), null, 'one of two voters and two learners are no quorum');
});

test('a learner answers a candidate that knows it as a voter', () => {
  const cluster = new Cluster({ voters: [1, 2], learners: [3] });
  assert.equal(answerTo(cluster, voteRequest({ to: 3 }))?.granted, true);
});

test('until it has re-applied what it had acknowledged a member neither campaigns nor votes', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(1, [1, 1], { commit: 3 });
  const member = cluster.member(1);
  member.isApplyHeld = true;
  cluster.outputOf(1);
  member.raft.campaign('Timeout');
  assert.equal(member.raft.role, 'Follower');
  const request = voteRequest({ lastIndex: 9, lastTerm: 1, isPreVote: true });
  assert.equal(answerTo(cluster, request)?.granted, false);
  assert.equal(answerTo(cluster, { ...request, isPreVote: false })?.granted, false);
  const append: Message = {
    kind: 'AppendRequest',
    from: 2,
    to: 1,
    term: 2,
    previousIndex: 3,
    previousTerm: 1,
    entries: [entryOf(2, 4)],
    commit: 3,
  };
  assert.equal(cluster.answersTo(append)[0]?.kind, 'AppendResponse', 'it follows all the same');
  member.isApplyHeld = false;
  cluster.outputOf(1);
  member.raft.forgetLeader(2);
  assert.equal(answerTo(cluster, { ...request, term: 3, lastTerm: 2 })?.granted, true);
});
