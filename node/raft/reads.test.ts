/** Linearizable reads without the log (thesis section 6.4), on the leader and on followers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from './testing/cluster.ts';
import type { Heartbeat, HeartbeatResponse, Message } from './types.ts';

const THREE = { voters: [1, 2, 3] };

const isHeartbeat = (message: Message): message is Heartbeat => message.kind === 'Heartbeat';

function answerOf({ from, to, term, readCounter }: Heartbeat): HeartbeatResponse {
  return { kind: 'HeartbeatResponse', from: to, to: from, term, readCounter };
}

const answered = (cluster: Cluster) => cluster.answeredReads.map(({ requestId, index }) => [requestId, index]);

test('a read is answered with the commit index once a quorum has confirmed the leader', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.member(1).raft.readIndex(7);
  const [heartbeat] = cluster.outputOf(1).filter(isHeartbeat);
  assert.deepEqual(answered(cluster), []);
  cluster.member(1).step(answerOf(heartbeat as Heartbeat));
  cluster.outputOf(1);
  assert.deepEqual(answered(cluster), [[7, 2]]);
});

test('all reads of a turn share one round', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  for (const requestId of [1, 2, 3]) cluster.member(1).raft.readIndex(requestId);
  assert.equal(cluster.outputOf(1).filter(isHeartbeat).length, 2);
});

test('a read that arrives while a round is under way joins only the next one', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  const { raft } = cluster.member(1);
  raft.readIndex(1);
  const [first] = cluster.outputOf(1).filter(isHeartbeat);
  raft.readIndex(2);
  assert.deepEqual(cluster.outputOf(1).filter(isHeartbeat), [], 'they wait for the round under way');
  cluster.member(1).step(answerOf(first as Heartbeat));
  const [second] = cluster.outputOf(1).filter(isHeartbeat);
  assert.deepEqual(answered(cluster), [[1, 2]]);
  cluster.member(1).step(answerOf(first as Heartbeat));
  cluster.outputOf(1);
  assert.deepEqual(answered(cluster), [[1, 2]], 'a repeated old answer confirms nothing');
  cluster.member(1).step(answerOf(second as Heartbeat));
  cluster.outputOf(1);
  assert.deepEqual(answered(cluster), [
    [1, 2],
    [2, 2],
  ]);
});

test('the answer of a learner does not confirm', () => {
  const cluster = new Cluster({ voters: [1, 2, 3], learners: [4, 5] });
  cluster.elect(1);
  cluster.isLost = ({ from, to }) => [2, 3].includes(from) || [2, 3].includes(to);
  cluster.member(1).raft.readIndex(1);
  cluster.tick(3);
  assert.deepEqual(answered(cluster), []);
  cluster.heal();
  cluster.tick(1);
  assert.deepEqual(answered(cluster), [[1, 2]], 'the next heartbeats carry the same round');
});

test('a single voter answers at once', () => {
  const cluster = new Cluster({ voters: [1], learners: [2] });
  cluster.elect(1);
  cluster.member(1).raft.readIndex(1);
  assert.deepEqual(cluster.outputOf(1).filter(isHeartbeat), []);
  assert.deepEqual(answered(cluster), [[1, 2]]);
});

test('in a joint configuration both halves must confirm', () => {
  const cluster = new Cluster({ voters: [1], learners: [2, 3] });
  cluster.elect(1);
  cluster.changeTo(1, { voters: [2, 3], learners: [] });
  cluster.isLost = (message) => message.kind === 'AppendRequest' && message.entries.some((e) => e.data.length === 0);
  cluster.settle();
  assert.deepEqual(cluster.configurationOf(1), { voters: [2, 3], leaving: [1], learners: [] });
  cluster.isolate(1);
  cluster.member(1).raft.readIndex(1);
  cluster.settle();
  assert.deepEqual(answered(cluster), []);
});

test('a follower asks its leader, one question for all reads of a turn', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.propose(1, 'x');
  cluster.settle();
  for (const requestId of [10, 11]) cluster.member(2).raft.readIndex(requestId);
  const questions = cluster.outputOf(2);
  assert.deepEqual(
    questions.map((message) => message.kind),
    ['ReadIndexRequest'],
  );
  cluster.network = [...questions];
  cluster.settle();
  assert.deepEqual(cluster.answeredReads, [
    { member: 2, requestId: 10, index: 3 },
    { member: 2, requestId: 11, index: 3 },
  ]);
});

test('a learner reads too', () => {
  const cluster = new Cluster({ voters: [1, 2], learners: [3] });
  cluster.elect(1);
  cluster.member(3).raft.readIndex(1);
  cluster.settle();
  assert.deepEqual(cluster.answeredReads, [{ member: 3, requestId: 1, index: 2 }]);
});

test('without a leader, and when it is lost, reads are dropped and not forgotten', () => {
  const cluster = new Cluster(THREE);
  cluster.member(2).raft.readIndex(1);
  cluster.settle();
  cluster.elect(1);
  cluster.isLost = (message) => message.kind === 'ReadIndexRequest';
  cluster.member(2).raft.readIndex(2);
  cluster.settle();
  cluster.member(2).raft.forgetLeader(1);
  cluster.settle();
  cluster.isolate(1);
  cluster.member(1).raft.readIndex(3);
  cluster.tick(25);
  assert.deepEqual(cluster.droppedReads, [
    { member: 2, requestId: 1 },
    { member: 2, requestId: 2 },
    { member: 1, requestId: 3 },
  ]);
});

test('a question that was lost is dropped after an election timeout', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.isLost = (message) => message.kind === 'ReadIndexRequest';
  cluster.member(2).raft.readIndex(1);
  cluster.settle();
  cluster.tick(9);
  assert.deepEqual(cluster.droppedReads, []);
  cluster.tick(1);
  assert.deepEqual(cluster.droppedReads, [{ member: 2, requestId: 1 }]);
});
