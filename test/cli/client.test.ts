import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { acquireLock, campaign, createClient, lockHolder, QuorateError } from '../../client/index.ts';
import { until } from '../processes/local-cluster.ts';
import { UpCluster } from './testing/cluster.ts';

const limits = { timeout: 180_000 };

test(
  'while leaders are killed, every counted write happens once, and a watch sees each once and in order',
  limits,
  async () => {
    await using cluster = await UpCluster.start();
    const { client } = cluster;
    const WRITES = 300;
    const stop = new AbortController();
    const watch = client.watch({ key: 'count', signal: stop.signal });
    await watch.start();
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { events } of watch) {
        seen.push(...events.map(({ item }) => Number(item.value)));
        if (seen.at(-1) === WRITES) break;
      }
    })();
    let killed = 0;
    for (let count = 1, revision = 0; count <= WRITES; count++) {
      if (count % 100 === 50) killed += await until('a leader to kill', () => killLeader(cluster));
      // A retry that was applied twice would find its own revision here, and fail.
      const condition = revision === 0 ? { ifAbsent: true } : { ifRevision: revision };
      revision = (await client.put('count', String(count), condition)).revision;
    }
    await watching;
    assert.equal(killed, 3);
    assert.deepEqual(
      seen,
      Array.from({ length: WRITES }, (_, index) => index + 1),
    );
    assert.equal((await client.get('count'))?.version, WRITES);
  },
);

test('a lock passes to the next in line, ends with its lease, and a campaign leads under it', limits, async () => {
  await using cluster = await UpCluster.start(1);
  const { client } = cluster;
  const first = await acquireLock(client, 'lock', { value: 'first' });
  const waiting = acquireLock(createClient({ endpoints: cluster.endpoints }), 'lock', { value: 'second' });
  const impatient = acquireLock(client, 'lock', { signal: AbortSignal.timeout(300) });
  await assert.rejects(impatient, { name: 'TimeoutError' });
  assert.equal((await lockHolder(client, 'lock'))?.value, 'first');
  await first.unlock();
  const second = await waiting;
  assert.ok(second.fence > first.fence);
  assert.equal(first.lost.aborted, false);

  const lost = new Promise<void>((resolve) => second.lost.addEventListener('abort', () => resolve(), { once: true }));
  await client.revokeLease(second.key.split('/').at(-1)!);
  assert.equal(await campaign(client, 'lock', async (lock) => lock.fence > second.fence), true);
  await lost;
  assert.ok(second.lost.reason instanceof QuorateError);
  assert.equal(await lockHolder(client, 'lock'), null);
});

/** Of the members that `up` runs, the one that leads; it is started again. Null while nobody leads. */
async function killLeader(cluster: UpCluster): Promise<1 | null> {
  const views = await cluster.client.statuses();
  const leader = views.find((view) => 'status' in view && view.status.role === 'Leader');
  if (leader === undefined) return null;
  const port = new URL(leader.endpoint).port;
  const { pid } = cluster.program.child;
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number);
  for (const child of children) {
    if (!(await readFile(`/proc/${child}/cmdline`, 'utf8')).includes(`--listen-client=127.0.0.1:${port}`)) continue;
    process.kill(child, 'SIGKILL');
    return 1;
  }
  return null;
}
