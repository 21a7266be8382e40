import assert from 'node:assert/strict';
import test from 'node:test';
import type { ApiLeaseAnswer } from '../../client/types.ts';
import { errorOf, startTestApi } from './testing/start-test-api.ts';

test('a lease is granted, listed, kept alive, asked for and revoked', async (t) => {
  const { request, post, put } = await startTestApi(t);
  const granted = (await (await post('/v1/leases', { id: '42', ttl_seconds: 60 })).json()) as ApiLeaseAnswer;
  assert.deepEqual(granted, { id: '42', ttl_seconds: 60, revision: 1 });
  await put('/v1/kv/text?lease=42', '');
  await put('/v1/kv/%FF?lease=42', '');
  assert.deepEqual(await (await request('/v1/leases')).json(), { leases: [{ id: '42', ttl_seconds: 60 }] });
  assert.deepEqual(await (await post('/v1/leases/42/keepalive', {})).json(), { id: '42', ttl_seconds: 60 });
  assert.deepEqual(await (await request('/v1/leases/42?keys=true')).json(), {
    id: '42',
    ttl_seconds: 60,
    remaining_seconds: 60,
    keys: ['text'],
    keys_base64: ['/w=='],
  });
  assert.equal('keys' in ((await (await request('/v1/leases/42')).json()) as object), false);
  assert.deepEqual(await (await request('/v1/leases/42', { method: 'DELETE' })).json(), { revision: 4 });
  assert.equal((await request('/v1/kv/text')).status, 404);
});

test('without an id one is chosen that fits a signed 64-bit integer', async (t) => {
  const { post } = await startTestApi(t);
  const ids = new Set<string>();
  for (let at = 0; at < 5; at++) {
    const { id } = (await (await post('/v1/leases', { ttl_seconds: 60 })).json()) as ApiLeaseAnswer;
    assert.ok(BigInt(id) > 0n && BigInt(id) < 2n ** 63n);
    ids.add(id);
  }
  assert.equal(ids.size, 5);
});

test('a retried grant answers with the lease of the first attempt', async (t) => {
  const { post, member } = await startTestApi(t);
  const grant = async () =>
    (await (await post('/v1/leases', { ttl_seconds: 60 }, { 'idempotency-key': 'g' })).json()) as ApiLeaseAnswer;
  assert.deepEqual(await grant(), await grant());
  assert.equal([...member.store.leases()].length, 1);
});

test('leases that are not there, or are there already, are told apart', async (t) => {
  const { request, post } = await startTestApi(t);
  await post('/v1/leases', { id: '42', ttl_seconds: 60 });
  const again = await errorOf(await post('/v1/leases', { id: '42', ttl_seconds: 60 }));
  assert.deepEqual([again.status, again.code], [409, 'lease_exists']);
  for (const [method, path] of [
    ['GET', '/v1/leases/9'],
    ['POST', '/v1/leases/9/keepalive'],
    ['DELETE', '/v1/leases/9'],
  ] as const) {
    const error = await errorOf(await request(path, { method }));
    assert.deepEqual([error.status, error.code], [404, 'lease_not_found'], `${method} ${path}`);
  }
});

test('malformed leases are refused', async (t) => {
  const { request, post } = await startTestApi(t);
  for (const body of [
    {},
    { ttl_seconds: 0 },
    { ttl_seconds: 1.5 },
    { ttl_seconds: 9e12 },
    { ttl_seconds: 5, id: '0' },
    { ttl: 5 },
    [],
  ]) {
    assert.equal((await post('/v1/leases', body)).status, 400, JSON.stringify(body));
  }
  for (const id of ['x', '0', '-1', '99999999999999999999', '%FF']) {
    assert.equal((await errorOf(await request(`/v1/leases/${id}`))).status, 400, id);
  }
});
