import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import test from 'node:test';
import type { ApiDeleteAnswer, ApiPutAnswer } from '../../client/types.ts';
import { errorOf, startTestApi } from './testing/start-test-api.ts';

/** As it is: fetch would fold `..` and refuse odd characters. */
function rawGet(port: number, path: string): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks) }));
    })
      .once('error', reject)
      .end();
  });
}

test('a value comes back as the bytes that were put, with its revisions as headers', async (t) => {
  const { request } = await startTestApi(t);
  const value = Buffer.from([0, 255, 10, 13, 1]);
  const put = await request('/v1/kv/a', { method: 'PUT', body: value });
  assert.equal(put.status, 200);
  assert.deepEqual(await put.json(), { revision: 2 });
  assert.equal(put.headers.get('etag'), '"2"');

  const got = await request('/v1/kv/a');
  assert.deepEqual(Buffer.from(await got.arrayBuffer()), value);
  assert.equal(got.headers.get('etag'), '"2"');
  assert.equal(got.headers.get('content-type'), 'application/octet-stream');
  assert.equal(got.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(got.headers.get('x-quorate-revision'), '2');
  assert.equal(got.headers.get('x-quorate-create-revision'), '2');
  assert.equal(got.headers.get('x-quorate-version'), '1');
  assert.equal(got.headers.get('x-quorate-lease'), null);
  assert.equal(got.headers.get('x-powered-by'), null);
});

test('values of any size come back as they are, and so does JSON with and without ASCII alone', async (t) => {
  const { request } = await startTestApi(t);
  for (const sizeBytes of [1, 256, 8191, 8192, 8193, 100_000]) {
    const value = Buffer.from(Array.from({ length: sizeBytes }, (_, at) => at % 256));
    await request('/v1/kv/a', { method: 'PUT', body: value });
    assert.deepEqual(Buffer.from(await (await request('/v1/kv/a')).arrayBuffer()), value, `${sizeBytes} bytes`);
  }
  for (const text of ['plain', 'ünï', 'ÿ', '漢字 🙂']) {
    await request('/v1/kv/b', { method: 'PUT', body: text });
    const page = (await (await request('/v1/kv?prefix=b')).json()) as { items: { value: string }[] };
    assert.deepEqual(
      page.items.map(({ value }) => value),
      [text],
    );
  }
});

test('an empty value is a value', async (t) => {
  const { request, put } = await startTestApi(t);
  await put('/v1/kv/a', '');
  const got = await request('/v1/kv/a');
  assert.equal(got.status, 200);
  assert.equal(got.headers.get('content-length'), '0');
});

test('a key holds slashes, escapes, any bytes, and dots where the query carries it', async (t) => {
  const { request, put, port } = await startTestApi(t);
  const keys = ['a/b/c', 'a%2Fb%2Fc', '%FF%00', 'sp%20ace', 'a+b', '%25', 'caf%C3%A9', '//', '%2e%2e%2fx'];
  for (const [at, key] of keys.entries()) assert.equal((await put(`/v1/kv/${key}`, String(at))).status, 200, key);
  assert.equal((await rawGet(port, '/v1/kv/a/b/c')).body.toString(), '1', 'an escaped slash is a slash');
  for (const [at, key] of keys.entries()) {
    if (at > 1) assert.equal((await rawGet(port, `/v1/kv/${key}`)).body.toString(), String(at), key);
  }
  const listed = (await (await request('/v1/kv')).json()) as { items: { key?: string; key_base64?: string }[] };
  assert.ok(listed.items.some((item) => item.key_base64 === '/wA='));
  assert.ok(listed.items.some((item) => item.key === 'a+b'));

  assert.equal((await put('/v1/kv?key=..', 'dots')).status, 200);
  assert.equal(await (await request('/v1/kv?key_base64=Li4%3D')).text(), 'dots');
  assert.equal((await rawGet(port, '/v1/kv/..')).body.toString(), 'dots');
  const removed = await request('/v1/kv?key=..', { method: 'DELETE' });
  assert.equal(((await removed.json()) as ApiDeleteAnswer).deleted, 1);
});

test('the empty key and a broken escape are refused', async (t) => {
  const { request, put } = await startTestApi(t);
  assert.equal((await errorOf(await request('/v1/kv/'))).code, 'invalid_request');
  assert.equal((await errorOf(await put('/v1/kv/', 'v'))).status, 400);
  assert.equal((await errorOf(await put('/v1/kv?key=', 'v'))).status, 400);
  assert.match((await errorOf(await request('/v1/kv/%zz'))).message, /%25/);
  assert.match((await errorOf(await put('/v1/kv', 'v'))).message, /name the key/);
});

test('an absent key is 404 in the one shape of errors, with the revision that was read', async (t) => {
  const { request } = await startTestApi(t);
  const response = await request('/v1/kv/none');
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.deepEqual(await errorOf(response), {
    status: 404,
    code: 'key_not_found',
    message: 'the key does not exist',
    revision: 1,
  });
});

test('HEAD tells of a value without sending it', async (t) => {
  const { request, put } = await startTestApi(t);
  await put('/v1/kv/a', 'four');
  const head = await request('/v1/kv/a', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get('content-length'), '4');
  assert.equal(head.headers.get('etag'), '"2"');
  assert.equal(await head.text(), '');
  assert.equal((await request('/v1/kv/b', { method: 'HEAD' })).status, 404);
});

test('a read of an earlier revision sees the value of then', async (t) => {
  const { request, put } = await startTestApi(t);
  await put('/v1/kv/a', 'one');
  await put('/v1/kv/a', 'two');
  assert.equal(await (await request('/v1/kv/a?revision=2')).text(), 'one');
  const later = await errorOf(await request('/v1/kv/a?revision=9'));
  assert.deepEqual([later.status, later.code], [400, 'future_revision']);
  await put('/v1/kv/b', '');
  assert.match((await errorOf(await request('/v1/kv/b?revision=2'))).message, /at revision 2/);
});

test('the options of a read reach the member', async (t) => {
  const { request, member, put } = await startTestApi(t);
  await put('/v1/kv/a', '');
  member.calls.length = 0;
  await request('/v1/kv/a?consistency=serializable&timeout=1.5&forward=false');
  const [call] = member.calls as [string, { options: unknown }][];
  assert.deepEqual(call![1].options, { timeoutMs: 1500, mayForward: false, consistency: 'serializable' });
});

test('put and delete answer with what was there before, when asked', async (t) => {
  const { request, put } = await startTestApi(t);
  assert.deepEqual(await (await put('/v1/kv/a?prev=true', 'one')).json(), { revision: 2 });
  const second = (await (await put('/v1/kv/a?prev', 'two')).json()) as ApiPutAnswer;
  const previous = { key: 'a', value: 'one', create_revision: 2, mod_revision: 2, version: 1 };
  assert.deepEqual(second, { revision: 3, previous });
  const removed = await request('/v1/kv/a?prev=true', { method: 'DELETE' });
  assert.deepEqual(await removed.json(), {
    revision: 4,
    deleted: 1,
    previous: [{ ...previous, value: 'two', mod_revision: 3, version: 2 }],
  });
  const again = await request('/v1/kv/a?prev=true', { method: 'DELETE' });
  assert.deepEqual(await again.json(), { revision: 4, deleted: 0, previous: [] });
});

test('If-None-Match: * creates, and never overwrites', async (t) => {
  const { request, put } = await startTestApi(t);
  const create = { 'if-none-match': '*' };
  assert.equal((await put('/v1/kv/a', 'one', create)).status, 200);
  const refused = await put('/v1/kv/a', 'two', create);
  assert.equal(refused.headers.get('etag'), '"2"');
  const { status, code, revision, message } = await errorOf(refused);
  assert.deepEqual([status, code, revision], [412, 'precondition_failed', 2]);
  assert.match(message, /the key is at revision 2/);
  assert.equal(await (await request('/v1/kv/a')).text(), 'one');
});

test('If-Match overwrites and deletes what was seen, and nothing newer', async (t) => {
  const { request, put } = await startTestApi(t);
  const absent = await errorOf(await put('/v1/kv/a', 'x', { 'if-match': '*' }));
  assert.deepEqual([absent.code, absent.revision], ['precondition_failed', 0]);
  await put('/v1/kv/a', 'one');
  const put3 = await put('/v1/kv/a?prev=true', 'two', { 'if-match': '"2"' });
  assert.equal(put3.headers.get('etag'), '"3"');
  assert.equal(((await put3.json()) as ApiPutAnswer).previous?.value, 'one');
  assert.equal((await put('/v1/kv/a', 'three', { 'if-match': '"2"' })).status, 412);
  const removal = (tag: string) => request('/v1/kv/a', { method: 'DELETE', headers: { 'if-match': tag } });
  assert.equal((await errorOf(await removal('"2"'))).revision, 3);
  assert.deepEqual(await (await removal('"3"')).json(), { revision: 4, deleted: 1 });
  assert.equal((await errorOf(await removal('*'))).revision, 0);
});

test('a malformed condition is refused and nothing is written', async (t) => {
  const { put, member } = await startTestApi(t);
  const { status, message } = await errorOf(await put('/v1/kv/a', 'v', { 'if-match': '2' }));
  assert.equal(status, 400);
  assert.match(message, /in double quotes/);
  assert.equal((await put('/v1/kv/a', 'v', { 'if-match': '"2", "3"' })).status, 400);
  assert.equal(member.store.revision, 1);
});

test('a reader that has the value already gets 304', async (t) => {
  const { request, put } = await startTestApi(t);
  await put('/v1/kv/a', 'one');
  const same = await request('/v1/kv/a', { headers: { 'if-none-match': '"2"' } });
  assert.equal(same.status, 304);
  assert.equal(same.headers.get('etag'), '"2"');
  assert.equal(await same.text(), '');
  await put('/v1/kv/a', 'two');
  assert.equal((await request('/v1/kv/a', { headers: { 'if-none-match': '"2"' } })).status, 200);
  assert.equal((await request('/v1/kv/a', { headers: { 'if-match': '"2"' } })).status, 412);
});

test('a key is bound to a lease, which must exist', async (t) => {
  const { request, put, post } = await startTestApi(t);
  await post('/v1/leases', { id: '7', ttl_seconds: 60 });
  assert.equal((await put('/v1/kv/a?lease=7', 'v')).status, 200);
  assert.equal((await request('/v1/kv/a')).headers.get('x-quorate-lease'), '7');
  const { status, code } = await errorOf(await put('/v1/kv/a?lease=8', 'v'));
  assert.deepEqual([status, code], [404, 'lease_not_found']);
  assert.equal((await put('/v1/kv/a?lease=x', 'v')).status, 400);
});

test('a request with an Idempotency-Key is applied once, and answered the same each time', async (t) => {
  const { put } = await startTestApi(t);
  const key = { 'idempotency-key': 'k1' };
  const first = await (await put('/v1/kv/a?timeout=2', 'v', key)).json();
  assert.deepEqual(await (await put('/v1/kv/a?timeout=1', 'v', key)).json(), first);
  const other = await errorOf(await put('/v1/kv/a', 'w', key));
  assert.deepEqual([other.status, other.code], [422, 'idempotency_key_reused']);
});

test('also a condition that was not met is answered the same each time', async (t) => {
  const { put } = await startTestApi(t);
  const headers = { 'idempotency-key': 'k1', 'if-match': '"9"' };
  assert.equal((await put('/v1/kv/a', 'v', headers)).status, 412);
  await put('/v1/kv/a', 'other');
  assert.equal((await errorOf(await put('/v1/kv/a', 'v', headers))).revision, 0);
});

test('an unknown parameter or method is refused', async (t) => {
  const { request, put, member } = await startTestApi(t);
  assert.match((await errorOf(await put('/v1/kv/a?lese=7', 'v'))).message, /unknown parameter 'lese'/);
  const post = await request('/v1/kv/a', { method: 'POST', body: 'v' });
  assert.equal(post.headers.get('allow'), 'GET, HEAD, PUT, DELETE');
  assert.equal((await errorOf(post)).code, 'method_not_allowed');
  assert.equal(member.store.revision, 1);
});

test('answers are counted by the route, not by the key', async (t) => {
  const { request, put, observed } = await startTestApi(t);
  await put('/v1/kv/secret', 'v');
  await request('/v1/kv/other');
  assert.deepEqual(observed, ['PUT /v1/kv/:key 200', 'GET /v1/kv/:key 404']);
});
