/** A quorum that is lost for good, and the one member that is left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinCluster } from '../../client/index.ts';
import { run } from '../cli/testing/program.ts';
import { LocalCluster, type Member, until } from './local-cluster.ts';

const NEW_CLUSTER = 'a1b2c3d4e5f60718';
const REVISION_GAP = 1_000_000;

test('quorate recover says what is given up, and does it when told that the others are stopped', async () => {
  const cluster = await LocalCluster.form(2);
  try {
    const [survivor, other] = cluster.members as [Member, Member];
    await cluster.client().put('kept', 'safe');
    assert.match(
      (await run(['recover', survivor.url, '--others-are-stopped'])).stderr,
      /knows a leader: the quorum is not lost\n$/,
    );
    await cluster.kill(other);
    await until('a survivor without a leader', async () =>
      (await cluster.statusOf(survivor))?.leader === 0 ? true : null,
    );
    const asked = await run(['recover', survivor.url]);
    assert.equal(asked.code, 1);
    assert.match(asked.stderr, /^quorate: m1 would go on alone .* without m2 .*--others-are-stopped\n$/);
    assert.equal((await cluster.answerOf(survivor)).members?.length, 2);

    const done = await run(['recover', survivor.url, '--others-are-stopped']);
    assert.match(done.stdout, /^m1 is the only voter of the new cluster [0-9a-f]{16}\nempty the data folders of m2, /);
    assert.equal((await cluster.client([survivor]).get('kept'))?.value, 'safe');
    await cluster.client([survivor]).put('after', 'x');
  } finally {
    await cluster.remove();
  }
});

test('the survivor of a lost quorum goes on under a new cluster id with all that it had, acknowledged last or not', async () => {
  const cluster = await LocalCluster.form(3);
  try {
    const leader = await cluster.leader();
    const [survivor, other] = cluster.members.filter((member) => member !== leader) as [Member, Member];
    const client = cluster.client();
    for (let i = 0; i < 100; i++) await client.put(`key/${i}`, String(i));
    const before = await client.get('key/99');
    // Held by the survivor's log alone as far as it can tell: the leader dies at once after it has answered.
    await cluster.kill(other);
    await client.put('last', 'acknowledged');
    await cluster.kill(leader);

    const only = cluster.client([survivor]);
    await until('a survivor without a leader', async () =>
      (await cluster.statusOf(survivor))?.leader === 0 ? true : null,
    );
    await only.recover({ cluster_id: NEW_CLUSTER, nonce: 'consent' });
    await only.recover({ cluster_id: NEW_CLUSTER, nonce: 'consent' });
    await assert.rejects(only.recover({ cluster_id: '1111111111111111', nonce: 'consent' }), {
      code: 'grant_conflict',
    });
    const status = await cluster.statusOf(survivor);
    assert.equal(status?.cluster_id, NEW_CLUSTER);
    assert.deepEqual(
      status?.members?.map(({ name }) => name),
      [survivor.name],
    );
    assert.equal((await only.get('last'))?.value, 'acknowledged');
    assert.equal((await only.get('key/99'))?.modRevision, before?.modRevision);
    assert.ok((await only.put('after', 'x')).revision > before!.modRevision + REVISION_GAP);

    // The old members' data is of another cluster for ever: they get nowhere with it.
    cluster.restart(other);
    await until('the old member is turned away', async () => {
      const old = await cluster.statusOf(other);
      return old?.state === 'Parked' && old.reason === 'ForeignCluster' ? true : null;
    });
    const fresh = await cluster.add();
    await joinCluster(only, cluster.client([fresh]));
    assert.equal((await cluster.client([fresh]).get('last'))?.value, 'acknowledged');
    await assert.rejects(only.recover({ cluster_id: '2222222222222222', nonce: 'again' }), { code: 'grant_conflict' });
  } finally {
    await cluster.remove();
  }
});
