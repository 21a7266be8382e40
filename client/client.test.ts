import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createClient } from './client.ts';
import { QuorateError } from './errors.ts';
import { KeyValue } from './key-value.ts';
import { FakeMember, failure, json } from './testing/fake-member.ts';
import { compare, operation } from './transaction.ts';

test('get reads value and revisions of a key', async () => {
  await using member = await FakeMember.start((response) =>
    response
      .writeHead(200, {
        etag: '"12"',
        'x-quorate-create-revision': '10',
        'x-quorate-version': '3',
        'x-quorate-lease': '77',
      })
      .end('hello'),
  );
  const item = await createClient({ endpoints: [member.url] }).get('greeting', {
    consistency: 'serializable',
    revision: 12,
  });
  assert.deepEqual(item?.toJSON(), {
    key: 'greeting',
    value: 'hello',
    create_revision: 10,
    mod_revision: 12,
    version: 3,
    lease: '77',
  });
  assert.equal(member.asked[0]!.query.get('consistency'), 'serializable');
  assert.equal(member.asked[0]!.query.get('revision'), '12');
});

test('get of an absent key is null', async () => {
  await using member = await FakeMember.start(failure(404, 'key_not_found'));
  assert.equal(await createClient({ endpoints: [member.url] }).get('nothing'), null);
});

test('keys of every kind reach the path or the query unchanged', async () => {
  await using member = await FakeMember.start(json(200, { revision: 2 }));
  const client = createClient({ endpoints: [member.url] });
  for (const key of ['a/b c', 'ü%', '..', '.', new Uint8Array([0xff, 0])]) await client.put(key, '');
  assert.deepEqual(
    member.asked.map(({ path, query }) => [path, query.get('key_base64')]),
    [
      ['/v1/kv/a%2Fb%20c', null],
      ['/v1/kv/%C3%BC%25', null],
      ['/v1/kv', 'Li4='],
      ['/v1/kv', 'Lg=='],
      ['/v1/kv', '/wA='],
    ],
  );
});

test('half a surrogate pair and an empty key are refused before anything is sent', async () => {
  await using member = await FakeMember.start(json(200, { revision: 2 }));
  const client = createClient({ endpoints: [member.url] });
  await assert.rejects(client.put('\ud800', ''), /surrogate/);
  await assert.rejects(client.put('', ''), /empty/);
  assert.equal(member.asked.length, 0);
});

test('a range goes on with the cursor until there is no more', async () => {
  const item = (key: string) => ({ key, value: key, create_revision: 2, mod_revision: 2, version: 1 });
  await using member = await FakeMember.start((response, asked) => {
    const isFirst = asked.query.get('cursor') === null;
    const page = isFirst ? { items: [item('a')], more: true, cursor: 'next' } : { items: [item('b')], more: false };
    json(200, { revision: 2, count: 2, ...page })(response, asked);
  });
  const keys: string[] = [];
  for await (const { key } of createClient({ endpoints: [member.url] }).range({ prefix: '', limit: 1 })) keys.push(key);
  assert.deepEqual(keys, ['a', 'b']);
  assert.equal(member.asked[1]!.query.get('limit'), '1');
});

test('a transaction travels in the types of the API, bytes as base64', async () => {
  await using member = await FakeMember.start(
    json(200, {
      revision: 5,
      succeeded: true,
      results: [{ put: { revision: 5 } }, { get: { revision: 5, items: [], count: 0, more: false } }],
    }),
  );
  const answer = await createClient({ endpoints: [member.url] }).txn({
    if: [compare.absent('k'), compare.modRevision('m', '>', 4)],
    then: [operation.put('k', new Uint8Array([0xff])), operation.get('p/', { prefix: true })],
  });
  assert.deepEqual(JSON.parse(member.asked[0]!.body), {
    if: [
      { key: 'k', create_revision: 0 },
      { key: 'm', comparison: '>', mod_revision: 4 },
    ],
    then: [{ put: { key: 'k', value_base64: '/w==' } }, { get: { key: 'p/', prefix: true } }],
  });
  assert.deepEqual(
    answer.results.map(({ kind }) => kind),
    ['put', 'get'],
  );
});

test('a logged item shows its key and value', () => {
  const item = KeyValue.fromApi({ key: 'a', value: 'b', create_revision: 2, mod_revision: 3, version: 2 });
  const shown = inspect(item, { breakLength: Number.POSITIVE_INFINITY });
  assert.equal(shown, "{ key: 'a', value: 'b', createRevision: 2, modRevision: 3, version: 2, lease: null }");
});

test('bytes that are not text survive a key-value', () => {
  const item = KeyValue.fromApi({
    key_base64: '/wA=',
    value: '\ufeffx',
    create_revision: 1,
    mod_revision: 1,
    version: 1,
  });
  assert.deepEqual([...item.keyBytes], [0xff, 0]);
  assert.equal(item.value, '\ufeffx');
  assert.deepEqual(JSON.parse(JSON.stringify(item)).key_base64, '/wA=');
});

test('statuses asks every endpoint and tells which do not answer', async () => {
  await using member = await FakeMember.start(json(200, { name: 'm1' }));
  await using other = await FakeMember.start(failure(500, 'internal'));
  const [first, second] = await createClient({ endpoints: [member.url, other.url] }).statuses();
  assert.ok(first && 'status' in first && first.status.name === 'm1');
  assert.ok(second && 'error' in second && second.error.code === 'internal');
});

test('a backup that breaks off half way is an error, not a short backup', async () => {
  await using member = await FakeMember.start((response) => {
    response.writeHead(200);
    response.write('first half', () => response.destroy());
  });
  const { chunks } = await createClient({ endpoints: [member.url] }).snapshot();
  await assert.rejects(async () => {
    for await (const _ of chunks);
  }, isUnreachable);
});

function isUnreachable(error: unknown): boolean {
  return error instanceof QuorateError && error.code === 'unreachable';
}
