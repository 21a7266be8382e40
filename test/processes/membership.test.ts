/** A cluster that grows and shrinks under load. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinCluster } from '../../client/index.ts';
import { Load } from './load.ts';
import { LocalCluster, until } from './local-cluster.ts';

test('1 → 3 → 5 → 3 → 1 members under load: nothing acknowledged is lost, reads never go back', async () => {
  const cluster = await LocalCluster.form(1);
  try {
    for (let i = 0; i < 4; i++) await cluster.add();
    const client = cluster.client();
    const load = new Load(client);
    const [first, second, third, fourth, fifth] = cluster.members;
    const voters = async (): Promise<number> =>
      (await client.cluster()).members.filter(({ role }) => role === 'Voter').length;

    // Both learners catch up first; then one joint change, so that the fragile two is not lived in.
    const ids = [];
    for (const member of [second!, third!]) {
      ids.push(await joinCluster(client, cluster.client([member]), { asLearner: true }));
    }
    await until('both learners in sync', async () => {
      try {
        const { members, config_index } = await client.cluster();
        await client.replaceVoters({ voters: members.map(({ id }) => id), expected_config_index: config_index });
        return true;
      } catch {
        return null;
      }
    });
    assert.equal(await voters(), 3);

    for (const member of [fourth!, fifth!]) ids.push(await joinCluster(client, cluster.client([member])));
    assert.equal(await voters(), 5);

    // The leader is among those that leave: it hands over first.
    for (const count of [4, 3, 2, 1]) {
      const leader = await cluster.leader();
      const { member_id } = await cluster.answerOf(leader);
      await until('the removal', async () => {
        try {
          await client.removeMember(member_id!);
          return true;
        } catch {
          const { members } = await client.cluster();
          return members.some(({ id }) => id === member_id) ? null : true;
        }
      });
      assert.equal(await voters(), count);
      await until('the removed member parks', async () => {
        const status = await cluster.statusOf(leader);
        return status?.state === 'Parked' && status.reason === 'Removed' ? true : null;
      });
    }
    await load.verify();
    assert.ok(first);
  } finally {
    await cluster.remove();
  }
});

test('all voters give place to new ones at once', async () => {
  const cluster = await LocalCluster.form(2);
  try {
    const leaving = [...cluster.members];
    const client = cluster.client(leaving);
    await client.put('before', 'x');
    const coming = [await cluster.add(), await cluster.add(), await cluster.add()];
    const ids: number[] = [];
    for (const member of coming) ids.push(await joinCluster(client, cluster.client([member]), { asLearner: true }));
    await until('learners that have caught up', async () => {
      const { peers } = await cluster.answerOf(await cluster.leader(leaving));
      return peers?.every(({ state }) => state === 'Replicate') ? true : null;
    });
    await client.at((await cluster.leader(leaving)).url).replaceVoters({ voters: ids });
    for (const member of leaving) await cluster.kill(member);
    const newClient = cluster.client(coming);
    assert.deepEqual(
      (await newClient.cluster()).members.map(({ id, role }) => [id, role]),
      ids.map((id) => [id, 'Voter']),
    );
    assert.equal((await newClient.get('before'))?.value, 'x');
    await newClient.put('after', 'x');
  } finally {
    await cluster.remove();
  }
});
