import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { type FounderView, formCluster, foundingRecord, nextFormingStep } from './forming.ts';
import { FakeMember, json } from './testing/fake-member.ts';
import type { ApiBootstrap, ApiStatus } from './types.ts';

function empty(name: string): ApiStatus {
  return {
    name,
    incarnation: `incarnation of ${name}`,
    peer_address: `${name}:2380`,
    client_url: `http://${name}`,
    version: '1.0.0',
    format: 1,
    state: 'Parked',
    reason: 'NoData',
    uptime_seconds: 1,
  };
}

function founded(name: string, founding: ApiBootstrap): ApiStatus {
  const { reason: _, ...status } = empty(name);
  return { ...status, state: 'Joining', cluster_id: founding.cluster_id, founding };
}

function views(...statuses: (ApiStatus | null)[]): FounderView[] {
  return statuses.map((status, at) => ({ endpoint: `http://m${at + 1}`, name: `m${at + 1}`, status }));
}

test('empty founders get one record, the same in whatever order they are listed', async () => {
  const [a, b, c] = [empty('m1'), empty('m2'), empty('m3')];
  const record = await foundingRecord([a, b, c]);
  assert.deepEqual(await foundingRecord([c, a, b]), record);
  assert.match(record.cluster_id, /^[0-9a-f]{16}$/);
  assert.deepEqual(
    record.founders.map(({ id, name }) => [id, name]),
    [
      [1, 'm1'],
      [2, 'm2'],
      [3, 'm3'],
    ],
  );
  assert.deepEqual(await nextFormingStep(views(a, b, c)), {
    kind: 'Send',
    record,
    to: ['http://m1', 'http://m2', 'http://m3'],
  });
  const wiped = await foundingRecord([a, b, { ...c, incarnation: 'another' }]);
  assert.notEqual(wiped.cluster_id, record.cluster_id);
});

test('one founder away is waited for, however many of the others are there', async () => {
  assert.deepEqual(await nextFormingStep(views(empty('m1'), empty('m2'), null)), {
    kind: 'Wait',
    message: "waiting for 'm3' at http://m3",
  });
});

test('a forming that broke off goes on with exactly the record that some have accepted', async () => {
  const accepted: ApiBootstrap = {
    cluster_id: 'ffffffffffffffff',
    founders: ['m1', 'm2', 'm3'].map((name, at) => ({
      id: 5 + at,
      name,
      peer_address: `${name}:2380`,
      incarnation: `incarnation of ${name}`,
    })),
  };
  const step = await nextFormingStep(views(empty('m1'), founded('m2', accepted), empty('m3')));
  assert.deepEqual(step, { kind: 'Send', record: accepted, to: ['http://m1', 'http://m3'] });
  const all = views(founded('m1', accepted), founded('m2', accepted), founded('m3', accepted));
  assert.deepEqual(await nextFormingStep(all), { kind: 'Formed', clusterId: 'ffffffffffffffff' });
});

test('a founder whose data was wiped is refused, with what to do about its old place', async () => {
  const record = await foundingRecord([empty('m1'), empty('m2'), empty('m3')]);
  const withMembers = {
    ...founded('m1', record),
    members: record.founders.map((founder) => ({ ...founder, role: 'Voter' as const })),
  };
  const step = await nextFormingStep(views(withMembers, founded('m2', record), { ...empty('m3'), incarnation: 'new' }));
  assert.ok(step.kind === 'Refuse');
  assert.match(step.message, /remove 3 first, or start it with --join and --replace 3/);
});

test('a member of a cluster that was not founded by a record makes the others stay out', async () => {
  const joined: ApiStatus = { ...empty('m1'), state: 'Member', cluster_id: 'aaaaaaaaaaaaaaaa' };
  const step = await nextFormingStep(views(joined, empty('m2')));
  assert.ok(step.kind === 'Refuse');
  assert.match(step.message, /'m2' .* is empty .* start it with --join/);
});

for (const [why, statuses, message] of [
  ['another name', [empty('m1'), empty('other')], /is member 'other', not 'm2'/],
  ['the same folder twice', [empty('m1'), { ...empty('m2'), incarnation: 'incarnation of m1' }], /same incarnation/],
  ['the same peer address', [empty('m1'), { ...empty('m2'), peer_address: 'm1:2380' }], /same peer address/],
  ['damaged data', [empty('m1'), { ...empty('m2'), reason: 'Damaged', message: 'look' }], /parked \(Damaged\): look/],
  [
    'two clusters',
    [
      { ...empty('m1'), state: 'Member', cluster_id: 'aaaaaaaaaaaaaaaa' },
      { ...empty('m2'), state: 'Member', cluster_id: 'bbbbbbbbbbbbbbbb' },
    ],
    /http:\/\/m1 belongs to cluster a+, http:\/\/m2 to cluster b+/,
  ],
  [
    'another list',
    [
      { ...empty('m1'), initial_cluster: ['m1=a', 'm2=b'] },
      { ...empty('m2'), initial_cluster: ['m2=b', 'm3=c'] },
    ],
    /give all the same --initial-cluster/,
  ],
] as [string, ApiStatus[], RegExp][]) {
  test(`founders do not become a cluster: ${why}`, async () => {
    const step = await nextFormingStep(views(...statuses));
    assert.ok(step.kind === 'Refuse');
    assert.match(step.message, message);
  });
}

test('formCluster sends every founder the same record and waits for those that come late', async () => {
  const accepted = new Map<string, ApiBootstrap>();
  const start = (name: string) =>
    FakeMember.start((response, asked) => {
      const record = accepted.get(name);
      if (asked.path === '/v1/status')
        return json(200, record === undefined ? empty(name) : founded(name, record))(response, asked);
      accepted.set(name, JSON.parse(asked.body));
      json(200, accepted.get(name))(response, asked);
    });
  await using first = await start('m1');
  await using second = await start('m2');
  const client = createClient({ endpoints: [first.url] });
  const id = await formCluster(client, [{ endpoint: first.url, name: 'm1' }, { endpoint: second.url }]);
  assert.equal(id, accepted.get('m1')?.cluster_id);
  assert.deepEqual(accepted.get('m1'), accepted.get('m2'));
});

test('formCluster ends when its signal says so, having sent nothing while one was away', async () => {
  await using member = await FakeMember.start(json(200, empty('m1')));
  const client = createClient({ endpoints: [member.url] });
  const controller = new AbortController();
  const waits: string[] = [];
  const forming = formCluster(client, [{ endpoint: member.url }, { endpoint: 'http://127.0.0.1:1' }], {
    signal: controller.signal,
    onWait: (message) => {
      waits.push(message);
      controller.abort();
    },
  });
  await assert.rejects(forming, { name: 'AbortError' });
  assert.deepEqual(waits, ['waiting for http://127.0.0.1:1']);
  assert.ok(member.asked.every(({ path }) => path === '/v1/status'));
});
