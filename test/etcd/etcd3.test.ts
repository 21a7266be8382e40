/** The npm package `etcd3` against real members: what its users do, and what they must not notice when a leader dies. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Etcd3 } from 'etcd3';
import { LocalCluster, until } from '../processes/local-cluster.ts';

let cluster: LocalCluster;
let etcd: Etcd3;

before(async () => {
  cluster = await LocalCluster.form(3);
  etcd = new Etcd3({ hosts: cluster.members.map(({ url }) => url) });
});

after(async () => {
  etcd.close();
  await cluster.remove();
});

test('put, get, prefix, count, delete; HTTP reads the same', async () => {
  await etcd.put('fruit/apple').value('red');
  await etcd.put('fruit/pear').value('green');
  assert.equal(await etcd.get('fruit/apple').string(), 'red');
  assert.equal(await etcd.get('absent').string(), null);
  assert.deepEqual(await etcd.getAll().prefix('fruit/').strings(), { 'fruit/apple': 'red', 'fruit/pear': 'green' });
  assert.equal(await etcd.getAll().prefix('fruit/').count(), 2);
  assert.deepEqual(await etcd.getAll().prefix('fruit/').sort('Key', 'Descend').limit(1).keys(), ['fruit/pear']);
  assert.equal((await cluster.client().get('fruit/pear'))?.value, 'green');
  assert.equal((await etcd.delete().prefix('fruit/')).deleted, '2');
});

test('a transaction takes one way or the other', async () => {
  await etcd.put('account').value('100');
  const spend = (expected: string, left: string) =>
    etcd
      .if('account', 'Value', '==', expected)
      .then(etcd.put('account').value(left))
      .else(etcd.get('account'))
      .commit();
  assert.equal((await spend('100', '60')).succeeded, true);
  const refused = await spend('100', '20');
  assert.equal(refused.succeeded, false);
  assert.equal(String(refused.responses[0]?.response_range.kvs[0]?.value), '60');
});

test('a lease keeps its keys while it is kept alive, and takes them along when it is revoked', async () => {
  const lease = etcd.lease(10);
  await lease.put('session').value('here');
  await once(lease, 'keepaliveSucceeded');
  assert.equal(await etcd.get('session').string(), 'here');
  await lease.revoke();
  assert.equal(await etcd.get('session').string(), null);
});

test('a lease that nobody keeps alive expires', async () => {
  const lease = etcd.lease(2, { autoKeepAlive: false });
  await lease.put('forgotten').value('soon gone');
  await until('the key to expire', async () => ((await etcd.get('forgotten').string()) === null ? true : null));
});

test('one at a time holds a lock', async () => {
  const first = etcd.lock('door');
  await first.acquire();
  await assert.rejects(etcd.lock('door').acquire(), /Failed to acquire a lock on door/);
  await first.release();
  const second = etcd.lock('door');
  await second.acquire();
  await second.release();
});

test('one is elected, and when it resigns the next', async () => {
  const [first, second] = [etcd.election('chair'), etcd.election('chair')];
  const campaign = first.campaign('first');
  await once(campaign, 'elected');
  assert.equal(await second.leader(), 'first');
  const next = second.campaign('second');
  // Before the answer to the resignation, which may come later than this.
  const elected = once(next, 'elected');
  await campaign.resign();
  await elected;
  assert.equal(await first.leader(), 'second');
  await next.resign();
});

test('the members are listed', async () => {
  const { members } = await etcd.cluster.memberList({});
  assert.deepEqual(
    members.map(({ name, clientURLs }) => [name, clientURLs]),
    cluster.members.map(({ name, url }) => [name, [url]]),
  );
});

test('a watch sees every value once and in order, although the leader is killed', async () => {
  const watcher = await etcd.watch().key('counter').create();
  const seen: number[] = [];
  watcher.on('put', ({ value }) => seen.push(Number(value)));
  const writes = 60;
  const leader = await cluster.leader();
  for (let n = 1; n <= writes; n += 1) {
    if (n === writes / 3) await cluster.kill(leader);
    // A write whose fate is unknown may be there: it is told by the value.
    await until(`write ${n}`, async () => {
      try {
        await etcd
          .if('counter', 'Value', '==', String(n))
          .else(etcd.put('counter').value(String(n)))
          .commit();
        return true;
      } catch {
        return null;
      }
    });
  }
  await until('all events', async () => (seen.at(-1) === writes ? true : null));
  assert.deepEqual(
    seen,
    Array.from({ length: writes }, (_, n) => n + 1),
  );
  await watcher.cancel();
  cluster.restart(leader);
  await cluster.settled();
});
