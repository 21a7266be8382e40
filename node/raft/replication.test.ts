/** Log replication and commitment: paper sections 5.3 and 5.4, figures 2, 6, 7 and 8; thesis section 10.2. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster, entryOf } from './testing/cluster.ts';
import type { AppendRequest, AppendResponse, Message } from './types.ts';

const THREE = { voters: [1, 2, 3] };

function appendRequest(fields: Partial<AppendRequest> = {}): AppendRequest {
  const request = { kind: 'AppendRequest', from: 2, to: 1, term: 2, previousIndex: 1, previousTerm: 1 } as const;
  return { ...request, entries: [], commit: 1, ...fields };
}

function answerTo(cluster: Cluster, message: Message): AppendResponse | undefined {
  return cluster.answersTo(message).find((answer): answer is AppendResponse => answer.kind === 'AppendResponse');
}

const isAppend = (message: Message): message is AppendRequest => message.kind === 'AppendRequest';

test('a proposal is appended, replicated, committed by a majority and applied everywhere (5.3)', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  assert.deepEqual(cluster.propose(1, 'x'), { accepted: true, term: 2, firstIndex: 3 });
  cluster.settle();
  for (const id of [1, 2, 3]) assert.equal(cluster.member(id).state.index, 3, `member ${id}`);
  assert.equal(new Set([1, 2, 3].map((id) => cluster.member(id).state.digest)).size, 1);
});

test('all that is proposed in one turn travels in one message a peer', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  for (const text of ['a', 'b', 'c']) cluster.propose(1, text);
  const sent = cluster.outputOf(1).filter(isAppend);
  assert.deepEqual(
    sent.map(({ to, entries }) => [to, entries.length]),
    [
      [2, 3],
      [3, 3],
    ],
  );
});

test('a commit index rides on the next entries, and has a message of its own only when idle', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  const leader = cluster.member(1);
  cluster.propose(1, 'a');
  const [first] = cluster.outputOf(1).filter(isAppend);
  const [ack] = cluster.answersTo(first as AppendRequest);
  leader.step(ack as Message);
  cluster.propose(1, 'b');
  const busy = cluster.outputOf(1).filter(isAppend);
  assert.deepEqual(
    busy.map(({ to, entries, commit }) => [to, entries.length, commit]),
    [
      [2, 1, 3],
      [3, 1, 3],
    ],
  );
  const [second] = busy;
  const [secondAck] = cluster.answersTo(second as AppendRequest);
  leader.step(secondAck as Message);
  const idle = cluster.outputOf(1).filter(isAppend);
  assert.deepEqual(
    idle.map(({ entries, commit }) => [entries.length, commit]),
    [
      [0, 4],
      [0, 4],
    ],
  );
});

test('the news of a commit that nobody waits for can be held back', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  const { raft } = cluster.member(1);
  cluster.propose(1, 'a');
  const [toSecond] = cluster.outputOf(1).filter(isAppend);
  const [ack] = cluster.answersTo(toSecond as AppendRequest);
  raft.step(ack as Message);
  assert.equal(raft.takeOutput(true)?.messages.length, 0);
  assert.equal(raft.isCommitHeld, true);
  raft.awaitCommit(3);
  const awaited = raft.takeOutput(true)?.messages.filter(isAppend);
  assert.deepEqual(
    awaited?.map(({ to, commit }) => [to, commit]),
    [[3, 3]],
  );
  cluster.propose(1, 'b');
  const riding = raft.takeOutput(true)?.messages.filter(isAppend);
  assert.deepEqual(
    riding?.map(({ to, entries, commit }) => [to, entries.length, commit]),
    [
      [2, 1, 3],
      [3, 1, 3],
    ],
  );
  assert.equal(raft.isCommitHeld, false);
});

test('the answer to the news of a commit waits for the next one, or for a tick', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(1, [1, 1]);
  const news = appendRequest({ previousIndex: 3, commit: 2 });
  assert.deepEqual(cluster.answersTo(news), []);
  assert.equal(answerTo(cluster, news)?.index, 3, 'a question, for it brings no news');
  assert.equal(answerTo(cluster, appendRequest({ previousIndex: 3, commit: 3 })), undefined);
  const entries = [entryOf(2, 4)];
  assert.equal(answerTo(cluster, appendRequest({ previousIndex: 3, entries, commit: 3 }))?.index, 4);
  cluster.member(1).raft.tick();
  assert.deepEqual(cluster.outputOf(1), [], 'the later answer stands for the earlier');
  assert.equal(answerTo(cluster, appendRequest({ previousIndex: 4, previousTerm: 2, commit: 4 })), undefined);
  cluster.member(1).raft.tick();
  const late = cluster.outputOf(1) as AppendResponse[];
  assert.deepEqual(
    late.map(({ to, index, rejected }) => [to, index, rejected]),
    [[2, 4, false]],
  );
});

test('a tick says whether there is something to carry out', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  for (const id of [1, 2]) {
    const { raft } = cluster.member(id);
    for (let ticks = 0; ticks < 100; ticks++) {
      const isDue = raft.tick();
      assert.equal(raft.takeOutput() !== null, isDue, `member ${id}, tick ${ticks}`);
    }
  }
});

test('an AppendRequest that does not match is refused and changes nothing (figure 2, AppendEntries 2)', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(1, [1, 1]);
  const refusal = answerTo(cluster, appendRequest({ previousIndex: 3, previousTerm: 2, entries: [entryOf(2, 4)] }));
  assert.deepEqual([refusal?.rejected, refusal?.index, refusal?.hintIndex, refusal?.hintTerm], [true, 3, 3, 1]);
  assert.deepEqual(cluster.termsOf(1), [1, 1]);
});

test('a conflicting tail is replaced, an equal one kept (figure 2, AppendEntries 3 and 4)', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(1, [1, 1, 1]);
  const equal = answerTo(cluster, appendRequest({ entries: [entryOf(1, 2)] }));
  assert.deepEqual([equal?.rejected, equal?.index], [false, 2]);
  assert.deepEqual(cluster.termsOf(1), [1, 1, 1]);
  answerTo(cluster, appendRequest({ entries: [entryOf(1, 2), entryOf(2, 3)] }));
  assert.deepEqual(cluster.termsOf(1), [1, 2]);
});

test('the commit index never passes the last entry that the message vouches for (figure 2, AppendEntries 5)', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(1, [1, 1, 1]);
  answerTo(cluster, appendRequest({ entries: [entryOf(1, 2)], commit: 4 }));
  assert.equal(cluster.member(1).raft.status().commit, 2);
});

test('an acknowledgement leaves only when the entries are durable', () => {
  const cluster = new Cluster(THREE);
  cluster.member(1).isDiskHeld = true;
  assert.equal(answerTo(cluster, appendRequest({ entries: [entryOf(2, 2)] })), undefined);
  assert.equal(answerTo(cluster, appendRequest({ entries: [entryOf(2, 2)] })), undefined, 'nor for a repeat');
  cluster.member(1).isDiskHeld = false;
  const answers = cluster.outputOf(1) as AppendResponse[];
  assert.deepEqual(
    answers.map(({ index, rejected }) => [index, rejected]),
    [
      [2, false],
      [2, false],
    ],
  );
});

test('a follower of figure 7 ends with its leader’s log, whatever it held', () => {
  const leaderLog = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const followers = {
    a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
    b: [1, 1, 1, 4],
    c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    e: [1, 1, 1, 4, 4, 4, 4],
    f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const [name, log] of Object.entries(followers)) {
    const cluster = new Cluster(THREE);
    cluster.giveLog(1, leaderLog, { term: 7 });
    cluster.giveLog(2, [], { term: 7 }); // its vote is needed where the follower's log is newer
    cluster.giveLog(3, log, { term: 7 });
    cluster.elect(1);
    cluster.tick(3);
    assert.deepEqual(cluster.termsOf(1), [...leaderLog, 8], name);
    assert.deepEqual(cluster.termsOf(3), [...leaderLog, 8], name);
  }
});

test('a diverged log is found again with one probe a term, not one an entry (5.3)', () => {
  const table = [
    { leader: [3, 3, 3, 5, 5, 5, 5, 5], follower: [1, 1, 1, 2, 2] },
    { leader: [3, 3, 3, 3, 3, 3, 3, 7], follower: [3, 3, 4, 4, 5, 5, 5, 6] },
  ];
  for (const { leader, follower } of table) {
    const cluster = new Cluster(THREE);
    cluster.giveLog(1, leader, { term: 7 });
    cluster.giveLog(2, leader, { term: 7 });
    cluster.giveLog(3, follower, { term: 7 });
    let refusals = 0;
    cluster.isLost = (message) => {
      if (message.kind === 'AppendResponse' && message.rejected) refusals++;
      return false;
    };
    cluster.elect(1);
    assert.deepEqual(cluster.termsOf(3), [...leader, 8]);
    assert.ok(refusals <= 2, `${refusals} refusals`);
  }
});

test('an entry of an earlier term is not committed by counting, only under one of the own term (figure 8)', () => {
  const cluster = new Cluster({ voters: [1, 2, 3, 4, 5] });
  // (c) S1 leads term 4; its entry of term 2 is on S1, S2 and S3; S5 has one of term 3 there.
  cluster.giveLog(1, [2], { term: 3 });
  cluster.giveLog(2, [2], { term: 3 });
  cluster.giveLog(3, [], { term: 3 });
  cluster.giveLog(4, [], { term: 3 });
  cluster.giveLog(5, [3], { term: 3 });
  // Only the entry of term 2 reaches S3; the new leader's own entry reaches nobody.
  cluster.isLost = (message) =>
    [message.from, message.to].includes(5) || (isAppend(message) && message.entries.some(({ term }) => term === 4));
  cluster.elect(1);
  const { raft } = cluster.member(1);
  cluster.answersTo(appendRequest({ from: 1, to: 3, term: 4, entries: [entryOf(2, 2)] }));
  for (const from of [2, 3]) {
    cluster.answersTo({
      kind: 'AppendResponse',
      from,
      to: 1,
      term: 4,
      index: 2,
      rejected: false,
      hintIndex: 0,
      hintTerm: 0,
    });
  }
  assert.deepEqual(
    [raft.role, raft.status().commit, raft.status().peers.filter((peer) => peer.match === 2).length],
    ['Leader', 1, 2],
    'on a majority, and yet not committed',
  );
  // (d) S5 could still be elected by S3 and S4, and overwrite it.
  cluster.crash(1);
  cluster.isolate(2);
  cluster.tick(60);
  assert.equal(cluster.leader()?.id, 5);
  assert.deepEqual(cluster.termsOf(3).slice(0, 1), [3]);
});

test('an own-term entry commits what lies before it (5.4.2)', () => {
  const cluster = new Cluster(THREE);
  cluster.giveLog(1, [2, 2]);
  cluster.elect(1);
  assert.deepEqual(
    [1, 2, 3].map((id) => cluster.member(id).raft.status().commit),
    [4, 4, 4],
  );
});

test('a follower’s entries do not count before they are durable there, the leader’s own neither (10.2.1)', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  for (const id of [1, 3]) cluster.member(id).isDiskHeld = true;
  cluster.propose(1, 'x');
  cluster.settle();
  assert.equal(cluster.member(1).raft.status().commit, 2, 'only member 2 has it');
  cluster.member(3).isDiskHeld = false;
  cluster.settle();
  assert.equal(cluster.member(1).raft.status().commit, 3, 'a quorum without the leader’s disk');
  assert.equal(cluster.member(1).state.index, 2, 'which applies only what it has itself');
  cluster.member(1).isDiskHeld = false;
  cluster.settle();
  assert.equal(cluster.member(1).state.index, 3);
});

test('replication is pipelined within the window and goes on as answers come (10.2.2)', () => {
  const cluster = new Cluster({ ...THREE, raft: { maxInflightMessages: 3, maxEntriesBytesPerMessage: 1 } });
  cluster.elect(1);
  for (let i = 0; i < 10; i++) cluster.propose(1, `value ${i}`);
  const sent = cluster.outputOf(1).filter((message) => isAppend(message) && message.to === 2) as AppendRequest[];
  assert.deepEqual(
    sent.map(({ previousIndex, entries }) => [previousIndex, entries.length]),
    [
      [2, 1],
      [3, 1],
      [4, 1],
    ],
  );
  const [ack] = cluster.answersTo(sent[0] as AppendRequest);
  cluster.member(1).step(ack as Message);
  const more = cluster.outputOf(1).filter((message) => isAppend(message) && message.to === 2) as AppendRequest[];
  assert.deepEqual(
    more.map(({ previousIndex }) => previousIndex),
    [5],
  );
  assert.equal(more[0]?.entries.length, 1);
});

test('messages lost on the way are noticed and sent again', () => {
  const cluster = new Cluster({ ...THREE, raft: { maxInflightMessages: 2 } });
  cluster.elect(1);
  cluster.isLost = (message) => isAppend(message) && message.to === 3;
  for (let i = 0; i < 6; i++) {
    cluster.propose(1, `value ${i}`);
    cluster.settle();
  }
  cluster.heal();
  cluster.tick(3);
  assert.equal(cluster.member(3).raft.status().commit, 8);
});

test('a peer reported unreachable is probed again once it answers a heartbeat', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  const { raft } = cluster.member(1);
  raft.reportUnreachable(3);
  assert.equal(raft.status().peers[1]?.state, 'Probe');
  cluster.propose(1, 'x');
  assert.deepEqual(
    cluster.outputOf(1).map((message) => message.to),
    [2],
  );
  cluster.tick();
  assert.equal(raft.status().peers[1]?.state, 'Replicate');
  assert.equal(raft.status().peers[1]?.match, 3);
});

test('a repeated or reordered AppendRequest does no harm', () => {
  const cluster = new Cluster(THREE);
  const older = appendRequest({ entries: [entryOf(2, 2)], commit: 1 });
  const newer = appendRequest({ entries: [entryOf(2, 2), entryOf(2, 3)], commit: 3 });
  answerTo(cluster, newer);
  const late = answerTo(cluster, older);
  assert.deepEqual([late?.rejected, late?.index], [false, 3]);
  assert.deepEqual(cluster.termsOf(1), [2, 2]);
});

test('a leader refuses more uncommitted bytes than its limit, and takes one entry of any size', () => {
  const cluster = new Cluster({ ...THREE, raft: { maxUncommittedBytes: 100 } });
  cluster.elect(1);
  cluster.isolate(1);
  assert.equal(cluster.propose(1, 'x'.repeat(500)).accepted, true);
  cluster.settle();
  assert.deepEqual(cluster.propose(1, 'y'), { accepted: false, reason: 'UncommittedLimit' });
  assert.equal(cluster.member(1).raft.status().lastIndex, 3, 'nothing of it was appended');
  cluster.heal();
  cluster.tick(2);
  assert.equal(cluster.propose(1, 'y').accepted, true);
});

test('a leader takes nothing while more than its limit is committed and not applied', () => {
  const cluster = new Cluster({ ...THREE, raft: { maxUnappliedBytes: 100 } });
  cluster.elect(1);
  const leader = cluster.member(1);
  leader.isApplyHeld = true;
  assert.equal(cluster.propose(1, 'x'.repeat(500)).accepted, true);
  cluster.settle();
  assert.deepEqual(cluster.propose(1, 'y'), { accepted: false, reason: 'UnappliedLimit' });
  leader.isApplyHeld = false;
  cluster.settle();
  assert.equal(cluster.propose(1, 'y').accepted, true);
});

test('a follower that cannot apply closes its leader’s window, follows on, and catches up once it can', () => {
  const cluster = new Cluster({ ...THREE, raft: { maxUnappliedBytes: 100, maxInflightMessages: 4 } });
  const leader = cluster.elect(1);
  const follower = cluster.member(2);
  follower.isApplyHeld = true;
  for (let n = 0; n < 100; n++) {
    cluster.propose(1, `value ${n}`);
    cluster.tick();
  }
  const { lastIndex, term } = leader.raft.status();
  assert.equal(leader.raft.status().commit, lastIndex, 'the others are a quorum');
  assert.ok(follower.raft.status().lastIndex < 20, `it has taken ${follower.raft.status().lastIndex} entries`);
  assert.deepEqual([follower.raft.term, follower.raft.leader], [term, 1]);
  follower.isApplyHeld = false;
  cluster.settle();
  cluster.tick(3);
  assert.equal(follower.state.index, lastIndex);
});

test('a follower whose backlog is needed for a quorum slows the cluster down and does not stop it', () => {
  const cluster = new Cluster({ voters: [1, 2], raft: { maxUnappliedBytes: 1 } });
  const leader = cluster.elect(1);
  const follower = cluster.member(2);
  for (let n = 0; n < 20; n++) {
    follower.isApplyHeld = true;
    cluster.propose(1, `value ${n}`);
    cluster.tick(2);
    follower.isApplyHeld = false;
    cluster.tick(2);
  }
  const { lastIndex } = leader.raft.status();
  assert.deepEqual([leader.state.index, follower.state.index], [lastIndex, lastIndex]);
});

test('a proposal is refused with a reason wherever it cannot be kept', () => {
  const cluster = new Cluster(THREE);
  assert.deepEqual(cluster.propose(1, 'x'), { accepted: false, reason: 'NotLeader' });
  cluster.elect(1);
  assert.deepEqual(cluster.propose(2, 'x'), { accepted: false, reason: 'NotLeader' });
});

test('committed entries are handed out in portions', () => {
  const cluster = new Cluster({ voters: [1], raft: { maxCommittedBytesPerOutput: 80 } });
  cluster.elect(1);
  const { raft } = cluster.member(1);
  for (let i = 0; i < 10; i++) cluster.propose(1, `value ${i}`);
  const member = cluster.member(1);
  member.isApplyHeld = true;
  cluster.outputOf(1);
  assert.equal(member.committed.length, 2);
  member.isApplyHeld = false;
  cluster.settle();
  assert.equal(raft.status().applied, 12);
});

test('a commit index alone is not written, but it travels with the next batch', () => {
  const cluster = new Cluster(THREE);
  cluster.elect(1);
  cluster.propose(1, 'x');
  cluster.settle();
  assert.equal(cluster.member(1).raft.status().commit, 3);
  const { commit } = cluster.member(1).disk.hardState;
  assert.ok(commit < 3, `commit ${commit} was written for its own sake`);
  cluster.propose(1, 'y');
  cluster.settle();
  assert.equal(cluster.member(1).disk.hardState.commit, 3);
});
