/** Followers for which the log no longer reaches back (paper section 7, thesis chapter 5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster, entryOf } from './testing/cluster.ts';
import type { AppendResponse, InstallSnapshot } from './types.ts';

/** Member 3 is away while the others write and cut their logs. */
function clusterWithLaggard(): Cluster {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.elect(1);
  cluster.isolate(3);
  for (let i = 0; i < 5; i++) cluster.propose(1, `value ${i}`);
  cluster.tick(25);
  for (const id of [1, 2]) {
    cluster.member(id).checkpoint();
    cluster.member(id).cut(5);
  }
  return cluster;
}

test('a follower too far behind gets a snapshot, asked for once, then the log', () => {
  const cluster = clusterWithLaggard();
  cluster.heal();
  cluster.tick(5);
  assert.deepEqual(cluster.snapshotsNeeded, [{ from: 1, to: 3 }]);
  assert.equal(cluster.member(3).state.digest, cluster.member(1).state.digest);
  cluster.propose(1, 'more');
  cluster.settle();
  assert.equal(cluster.member(3).state.index, 8);
  assert.equal(cluster.member(1).raft.status().peers[1]?.state, 'Replicate');
});

test('a snapshot is not asked for while nobody is there to get it', () => {
  const cluster = clusterWithLaggard();
  cluster.tick(50);
  assert.deepEqual(cluster.snapshotsNeeded, []);
});

test('a snapshot that failed is asked for again after the next heartbeat', () => {
  const cluster = clusterWithLaggard();
  cluster.isLost = (message) => message.kind === 'InstallSnapshot';
  cluster.tick(3);
  assert.ok(cluster.snapshotsNeeded.length > 1);
  cluster.heal();
  cluster.tick(3);
  assert.equal(cluster.member(3).state.index, 7);
});

test('while a snapshot is under way nothing is sent but heartbeats', () => {
  const cluster = clusterWithLaggard();
  cluster.heal();
  const leader = cluster.member(1);
  leader.raft.tick();
  for (let round = 0; round < 3; round++) {
    const sent = cluster.outputOf(1).filter((message) => message.to === 3 && message.kind !== 'InstallSnapshot');
    for (const message of sent) for (const answer of cluster.answersTo(message)) leader.step(answer);
  }
  cluster.outputOf(1);
  assert.equal(leader.raft.status().peers[1]?.state, 'Snapshot');
  cluster.propose(1, 'more');
  leader.raft.tick();
  const sent = cluster.outputOf(1).filter((message) => message.to === 3);
  assert.deepEqual(
    sent.map((message) => message.kind),
    ['Heartbeat'],
  );
});

const CONFIGURATION = { voters: [1, 2, 3], leaving: null, learners: [] };

function install(cluster: Cluster, index: number, term: number, voters = [1, 2, 3]): AppendResponse | undefined {
  const { state } = cluster.member(1);
  const configuration = { ...CONFIGURATION, voters };
  cluster.member(1).staged.set(index, { ...state, index, term, configuration, configurationIndex: 1 });
  const message: InstallSnapshot = {
    kind: 'InstallSnapshot',
    from: 2,
    to: 1,
    term: 9,
    snapshot: { index, term, configuration },
  };
  return cluster.answersTo(message).find((answer): answer is AppendResponse => answer.kind === 'AppendResponse');
}

test('a snapshot behind the commit index is of no use', () => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.giveLog(1, [1, 1], { commit: 3 });
  assert.equal(install(cluster, 2, 1)?.index, 3);
  assert.deepEqual(cluster.termsOf(1), [1, 1]);
});

test('a snapshot of a position that the log has only moves the commit index', () => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.giveLog(1, [1, 1, 1]);
  assert.equal(install(cluster, 3, 1)?.index, 3);
  assert.deepEqual([cluster.termsOf(1), cluster.member(1).raft.status().commit], [[1, 1, 1], 3]);
});

test('a snapshot taken before this member was added is not installed', () => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  assert.equal(install(cluster, 5, 1, [2, 3])?.index, 1);
  assert.deepEqual(cluster.configurationOf(1), CONFIGURATION);
});

test('a snapshot’s configuration is in use at once, its acknowledgement waits for the disk', () => {
  const cluster = new Cluster({ voters: [1, 2, 3] });
  cluster.member(1).isDiskHeld = true;
  assert.equal(install(cluster, 5, 2, [1, 2]), undefined);
  assert.deepEqual(cluster.configurationOf(1).voters, [1, 2]);
  assert.equal(cluster.member(1).raft.status().applied, 1);
  const [write] = cluster.member(1).writes;
  assert.deepEqual([write?.snapshot?.index, write?.hardState?.commit, write?.token.snapshotIndex], [5, 5, 5]);
  cluster.member(1).isDiskHeld = false;
  const [answer] = cluster.outputOf(1) as AppendResponse[];
  assert.equal(answer?.index, 5);
  assert.equal(cluster.member(1).raft.status().applied, 5);
  const { raft } = cluster.member(1);
  raft.step({
    kind: 'AppendRequest',
    from: 2,
    to: 1,
    term: 9,
    previousIndex: 5,
    previousTerm: 2,
    entries: [entryOf(9, 6)],
    commit: 6,
  });
  cluster.outputOf(1);
  assert.equal(cluster.member(1).state.index, 6);
});
