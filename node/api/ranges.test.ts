import assert from 'node:assert/strict';
import test from 'node:test';
import type { ApiRangeAnswer } from '../../client/types.ts';
import { errorOf, startTestApi, type TestApi } from './testing/start-test-api.ts';

async function withKeys(t: test.TestContext, keys: string[], options = {}): Promise<TestApi> {
  const api = await startTestApi(t, options);
  for (const key of keys) await api.put(`/v1/kv/${encodeURIComponent(key)}`, `value of ${key}`);
  return api;
}

const list = async (api: TestApi, query: string) =>
  (await (await api.request(`/v1/kv${query}`)).json()) as ApiRangeAnswer;
const keysOf = ({ items }: ApiRangeAnswer) => items.map((item) => item.key);

test('a range is sorted, counted, and says whether there is more', async (t) => {
  const api = await withKeys(t, ['b', 'a/2', 'a/1', 'c']);
  const all = await list(api, '');
  assert.deepEqual(keysOf(all), ['a/1', 'a/2', 'b', 'c']);
  assert.deepEqual([all.count, all.more, all.revision, all.cursor], [4, false, 5, undefined]);
  assert.deepEqual(keysOf(await list(api, '?prefix=a%2F')), ['a/1', 'a/2']);
  assert.deepEqual(keysOf(await list(api, '?from=a/2&to=c')), ['a/2', 'b']);
  assert.deepEqual(keysOf(await list(api, '?prefix=a/&from=a/2')), ['a/2']);
  assert.deepEqual(keysOf(await list(api, '?prefix_base64=YQ%3D%3D')), ['a/1', 'a/2']);
});

test('keys only, and the count only', async (t) => {
  const api = await withKeys(t, ['a', 'b']);
  const [item] = (await list(api, '?keys_only=true')).items;
  assert.deepEqual(item, { key: 'a', create_revision: 2, mod_revision: 2, version: 1 });
  const counted = await list(api, '?count_only=true');
  assert.deepEqual([counted.count, counted.items], [2, []]);
});

test('pages together are the state at the revision of the first, whatever is written meanwhile', async (t) => {
  const api = await withKeys(t, ['a', 'b', 'c', 'd', 'e']);
  const first = await list(api, '?prefix=&limit=2');
  assert.deepEqual([keysOf(first), first.count, first.more, first.revision], [['a', 'b'], 5, true, 6]);
  await api.put('/v1/kv/c', 'changed');
  await api.put('/v1/kv/bb', 'new');
  await api.request('/v1/kv/d', { method: 'DELETE' });
  const second = await list(api, `?prefix=&limit=2&cursor=${first.cursor}`);
  assert.deepEqual([keysOf(second), second.count, second.more, second.revision], [['c', 'd'], 5, true, 6]);
  assert.equal(second.items[0]?.value, 'value of c');
  const third = await list(api, `?limit=2&cursor=${second.cursor}`);
  assert.deepEqual([keysOf(third), third.count, third.more, third.cursor], [['e'], 5, false, undefined]);
});

test('a page ends at its bytes, and its cursor goes on', async (t) => {
  const api = await withKeys(t, ['a', 'b', 'c'], { limits: { maxPageBytes: 20 } });
  const seen: (string | undefined)[] = [];
  let query = '';
  for (let pages = 0; pages < 5; pages++) {
    const page = await list(api, query);
    seen.push(...keysOf(page));
    assert.ok(page.items.length < 3);
    if (page.cursor === undefined) break;
    query = `?cursor=${page.cursor}`;
  }
  assert.deepEqual(seen, ['a', 'b', 'c']);
});

test('a cursor of history that is compacted is 410 with the revision that is left', async (t) => {
  const api = await withKeys(t, ['a', 'b', 'c']);
  const { cursor } = await list(api, '?limit=1');
  await api.put('/v1/kv/a', 'again');
  await api.put('/v1/kv/a', 'again');
  await api.post('/v1/compact', { revision: 6 });
  const error = await errorOf(await api.request(`/v1/kv?cursor=${cursor}`));
  assert.deepEqual([error.status, error.code, error.compacted_revision], [410, 'compacted', 6]);
});

test('wrong cursors, limits and ranges are refused', async (t) => {
  const api = await withKeys(t, ['a', 'b']);
  const { cursor } = await list(api, '?limit=1');
  for (const query of [
    '?cursor=nonsense',
    `?cursor=${cursor}&prefix=zz`,
    `?cursor=${cursor}&revision=1`,
    '?limit=0',
    '?limit=10001',
    '?prefx=a',
    '?key=a&prefix=b',
    '?key=a&limit=2',
    '?from=b&to=a',
    '?revision=0',
  ]) {
    assert.equal((await errorOf(await api.request(`/v1/kv${query}`))).status, 400, query);
  }
  assert.deepEqual(
    keysOf(await list(api, `?cursor=${cursor}&revision=3`)),
    ['b'],
    'its own revision is no contradiction',
  );
});

test('a range is deleted in one revision', async (t) => {
  const api = await withKeys(t, ['a/1', 'a/2', 'b']);
  const removed = await api.request('/v1/kv?prefix=a/&prev=true', { method: 'DELETE' });
  const answer = (await removed.json()) as { revision: number; deleted: number; previous: { value: string }[] };
  assert.deepEqual([answer.revision, answer.deleted], [5, 2]);
  assert.deepEqual(
    answer.previous.map(({ value }) => value),
    ['value of a/1', 'value of a/2'],
  );
  assert.deepEqual(keysOf(await list(api, '')), ['b']);
});

test('a condition on a range is refused, never ignored: nothing is deleted', async (t) => {
  const api = await withKeys(t, ['a/1', 'a/2']);
  for (const headers of [{ 'If-Match': '"1"' }, { 'If-None-Match': '*' }]) {
    const refused = await errorOf(await api.request('/v1/kv?prefix=a/', { method: 'DELETE', headers }));
    assert.deepEqual([refused.status, refused.code], [400, 'invalid_request']);
  }
  assert.equal((await list(api, '')).count, 2);
});

test('everything is deleted only when that is said', async (t) => {
  const api = await withKeys(t, ['a', 'b']);
  const remove = (query: string) => api.request(`/v1/kv${query}`, { method: 'DELETE' });
  for (const query of ['', '?prefix=', '?from=', '?prefix=a&all=true']) {
    assert.match((await errorOf(await remove(query))).message, /all=true/, query);
  }
  assert.equal((await list(api, '')).count, 2);
  assert.equal(((await (await remove('?all=true')).json()) as { deleted: number }).deleted, 2);
});
