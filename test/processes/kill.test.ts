/** Members that die at once (kill -9), or stand still, under load. */
import { test } from 'node:test';
import { Load } from './load.ts';
import { LocalCluster, until } from './local-cluster.ts';

const ROUNDS = 5;
const ACKNOWLEDGED_BETWEEN = 100;

async function progress(load: Load): Promise<void> {
  const before = load.acknowledged;
  await until('more acknowledged writes', async () =>
    load.acknowledged >= before + ACKNOWLEDGED_BETWEEN ? true : null,
  );
}

test('the leader dies again and again: nothing acknowledged is lost, reads never go back', async () => {
  const cluster = await LocalCluster.form(3);
  try {
    const load = new Load(cluster.client());
    for (let round = 0; round < ROUNDS; round++) {
      await progress(load);
      const leader = await cluster.leader();
      await cluster.kill(leader);
      await progress(load);
      cluster.restart(leader);
      await cluster.settled();
    }
    await load.verify();
  } finally {
    await cluster.remove();
  }
});

test('each member dies in turn, the leader among them', async () => {
  const cluster = await LocalCluster.form(3);
  try {
    const load = new Load(cluster.client());
    for (const member of cluster.members) {
      await progress(load);
      await cluster.kill(member);
      await progress(load);
      cluster.restart(member);
      await cluster.settled();
    }
    await load.verify();
  } finally {
    await cluster.remove();
  }
});

test('all members die at the same moment, three times: what was acknowledged is there after each', async () => {
  const cluster = await LocalCluster.form(3);
  try {
    const load = new Load(cluster.client());
    for (let round = 0; round < 3; round++) {
      await progress(load);
      await Promise.all(cluster.members.map((member) => cluster.kill(member)));
      for (const member of cluster.members) cluster.restart(member);
      await cluster.settled();
    }
    await progress(load);
    await load.verify();
  } finally {
    await cluster.remove();
  }
});

test('the leader stands still, as while its disk stalls: the others go on without it, and it follows when it wakes', async () => {
  const cluster = await LocalCluster.form(3);
  try {
    const load = new Load(cluster.client());
    for (let round = 0; round < 2; round++) {
      await progress(load);
      const leader = await cluster.leader();
      leader.process.kill('SIGSTOP');
      const next = await cluster.leader(cluster.members.filter((member) => member !== leader));
      await progress(load);
      leader.process.kill('SIGCONT');
      await cluster.settled();
      await until('the one that stood still to know the term of those that went on', async () => {
        const [term, newer] = [(await cluster.answerOf(leader)).term, (await cluster.answerOf(next)).term];
        return term === newer ? true : null;
      });
    }
    await load.verify();
  } finally {
    await cluster.remove();
  }
});
