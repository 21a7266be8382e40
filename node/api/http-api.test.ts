import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'node:test';
import { routes } from './routes.ts';
import { errorOf, startTestApi } from './testing/start-test-api.ts';

test('what is not there is 404 in the one shape of errors', async (t) => {
  const { request, observed } = await startTestApi(t);
  for (const call of ['/', '/v1', '/v1/KV/a', '/v1/status/', '/v2/kv/a', '/%FF', '/v1/cluster/members/1/demote']) {
    assert.equal((await errorOf(await request(call))).code, 'not_found', call);
  }
  assert.ok(observed.every((line) => line === 'GET unknown 404'));
});

test('a target that is a malformed URL is 400 in the one shape of errors', async (t) => {
  const { request } = await startTestApi(t);
  const { port, hostname } = new URL((await request('/livez')).url);
  const socket = connect(Number(port), hostname);
  socket.write('GET http://[::1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const answer = Buffer.concat(await socket.toArray()).toString();
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.match(answer, /"code":"invalid_request"/);
});

for (const route of routes) {
  test(`${route.path} says which methods it takes`, async (t) => {
    const { request, member } = await startTestApi(t);
    const response = await request(route.path.replace(/:\w+/, '1'), { method: 'PATCH', body: '{}' });
    const error = await errorOf(response);
    assert.deepEqual([error.status, error.code], [405, 'method_not_allowed']);
    const allowed = response.headers.get('allow')!.split(', ');
    assert.deepEqual(
      allowed.filter((method) => method !== 'HEAD'),
      Object.keys(route.methods),
    );
    assert.equal(allowed.includes('HEAD'), allowed.includes('GET'));
    assert.deepEqual(member.calls, []);
  });
}

test('HEAD is answered like GET, without the body', async (t) => {
  const { request } = await startTestApi(t);
  for (const call of ['/v1/status', '/livez', '/metrics', '/version', '/v1/kv', '/v1/leases', '/ui']) {
    const [head, get] = [await request(call, { method: 'HEAD' }), await request(call)];
    assert.equal(head.status, 200, call);
    assert.equal(head.headers.get('content-type'), get.headers.get('content-type'), call);
    assert.equal(await head.text(), '');
  }
});

test('a transaction is all or nothing, in one revision', async (t) => {
  const { post, put } = await startTestApi(t);
  await put('/v1/kv/a', 'one');
  const txn = {
    if: [{ key: 'a', mod_revision: 2 }],
    then: [
      { put: { key: 'a', value: 'two', prev: true } },
      { get: { key: 'a', keys_only: true } },
      { delete: { key: 'zz' } },
      { txn: { if: [{ key: 'b', exists: true }], then: [], else: [{ put: { key: 'b', value_base64: '/w==' } }] } },
    ],
    else: [{ get: { key: 'a' } }],
  };
  const item = { key: 'a', create_revision: 2, mod_revision: 2, version: 1 };
  assert.deepEqual(await (await post('/v1/txn', txn)).json(), {
    revision: 3,
    succeeded: true,
    results: [
      { put: { revision: 3, previous: { ...item, value: 'one' } } },
      { get: { revision: 3, items: [{ ...item, mod_revision: 3, version: 2 }], count: 1, more: false } },
      { delete: { revision: 3, deleted: 0 } },
      { txn: { revision: 3, succeeded: false, results: [{ put: { revision: 3 } }] } },
    ],
  });
  assert.deepEqual(await (await post('/v1/txn', txn)).json(), {
    revision: 3,
    succeeded: false,
    results: [
      {
        get: { revision: 3, items: [{ ...item, mod_revision: 3, version: 2, value: 'two' }], count: 1, more: false },
      },
    ],
  });
});

test('what the store refuses of a transaction has the store’s reason', async (t) => {
  const { post, member } = await startTestApi(t);
  const twice = { then: [{ put: { key: 'a', value: '1' } }, { put: { key: 'a', value: '2' } }] };
  const error = await errorOf(await post('/v1/txn', twice));
  assert.deepEqual([error.status, error.code], [400, 'duplicate_key']);
  assert.equal(member.store.revision, 1);
});

for (const [what, body, message] of [
  ['no body', '', /the body is empty/],
  ['no JSON', '{', /the body is not JSON/],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /not UTF-8/],
  ['a number', '7', /must be a JSON object/],
] as const) {
  test(`${what} is no transaction`, async (t) => {
    const { request } = await startTestApi(t);
    const error = await errorOf(await request('/v1/txn', { method: 'POST', body }));
    assert.equal(error.code, 'invalid_request');
    assert.match(error.message, message);
  });
}

test('a page of another origin cannot write', async (t) => {
  const { put, request, url, member } = await startTestApi(t);
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: url, 'sec-fetch-site': 'cross-site' },
  ] as Record<string, string>[]) {
    const error = await errorOf(await put('/v1/kv/a', 'v', headers));
    assert.deepEqual([error.status, error.code], [403, 'permission_denied']);
    const txn = await request('/v1/txn', { method: 'POST', body: '{}', headers });
    assert.equal(txn.status, 403);
  }
  assert.deepEqual(member.calls, []);
  assert.equal((await put('/v1/kv/a', 'v', { origin: url })).status, 200);
  const proxied = { origin: 'https://kv.example', 'sec-fetch-site': 'same-origin' };
  assert.equal((await put('/v1/kv/a', 'v', proxied)).status, 200);
  assert.equal((await request('/v1/kv/a', { headers: { origin: 'https://evil.example' } })).status, 200);
});

test('what is not HTTP gets the one shape of errors too', async (t) => {
  const { port } = await startTestApi(t);
  for (const [sent, status] of [
    ['nonsense\r\n\r\n', 400],
    [`GET /v1/kv/${'k'.repeat(70_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 413],
  ] as const) {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.write(sent);
    await once(socket, 'close');
    assert.match(text, new RegExp(`^HTTP/1.1 ${status} `));
    assert.match(text, /\r\n\r\n\{"error":\{"code":"/);
  }
});
