import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import { errorOf, startTestApi } from './testing/start-test-api.ts';

const maxValueBytes = 1000;

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

test('a value of the limit is taken, one byte more is not', async (t) => {
  const { put, request, member } = await startTestApi(t, { limits: { maxValueBytes } });
  assert.equal((await put('/v1/kv/a', 'x'.repeat(maxValueBytes))).status, 200);
  const error = await errorOf(await put('/v1/kv/a', 'x'.repeat(maxValueBytes + 1)));
  assert.deepEqual([error.status, error.code], [413, 'too_large']);
  assert.match(error.message, /larger than 1000 bytes/);
  assert.equal(member.store.revision, 2);
  assert.equal((await request('/v1/kv/a')).headers.get('content-length'), '1000');
});

test('a body whose length is not declared is measured as it comes', async (t) => {
  const { port, member } = await startTestApi(t, { limits: { maxValueBytes } });
  const send = async (chunks: string[]) => {
    const request = httpRequest({ host: '127.0.0.1', port, path: '/v1/kv/a', method: 'PUT' });
    for (const chunk of chunks) request.write(chunk);
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await textOf(response);
    return response.statusCode;
  };
  assert.equal(await send(['x'.repeat(600), 'y'.repeat(400)]), 200);
  assert.equal(await send(['x'.repeat(600), 'y'.repeat(401)]), 413);
  assert.equal(member.store.revision, 2);
});

test('a declared body over the limit is refused before any of it has come', async (t) => {
  const { port, member } = await startTestApi(t, { limits: { maxValueBytes } });
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    path: '/v1/kv/a',
    method: 'PUT',
    headers: { 'content-length': '500000000' },
  });
  request.on('error', () => undefined);
  request.flushHeaders();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 413);
  assert.equal(response.headers.connection, 'close', 'nobody reads half a gigabyte to keep a connection');
  request.destroy();
  assert.deepEqual(member.calls, []);
});

test('a client that asks before it sends is told at once', async (t) => {
  const { port } = await startTestApi(t, { limits: { maxValueBytes } });
  const ask = (length: number) =>
    httpRequest({
      host: '127.0.0.1',
      port,
      path: '/v1/kv/a',
      method: 'PUT',
      headers: { expect: '100-continue', 'content-length': String(length) },
    });
  const refused = ask(maxValueBytes + 1);
  refused.flushHeaders();
  let mayContinue = false;
  refused.once('continue', () => {
    mayContinue = true;
  });
  const [no] = (await once(refused, 'response')) as [IncomingMessage];
  assert.deepEqual([no.statusCode, mayContinue, no.headers.connection], [413, false, 'close']);
  refused.destroy();

  const taken = ask(3);
  taken.flushHeaders();
  await once(taken, 'continue');
  taken.end('abc');
  const [yes] = (await once(taken, 'response')) as [IncomingMessage];
  assert.equal(yes.statusCode, 200);
  yes.resume();
});

test('a connection survives a refused body that was small enough to be read', async (t) => {
  const { put, request } = await startTestApi(t, { limits: { maxValueBytes } });
  for (let at = 0; at < 3; at++) {
    assert.equal((await errorOf(await put('/v1/kv/a', 'x'.repeat(100_000)))).status, 413);
    assert.equal((await request('/v1/kv/a')).status, 404);
  }
});

test('requests past the limit in flight are refused at once, and health still answers', async (t) => {
  const { put, request, member } = await startTestApi(t, { limits: { maxRequestsInFlight: 2 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  member.gate = promise;
  const waiting = [put('/v1/kv/a', '1'), put('/v1/kv/b', '2')];
  while (member.calls.length < 2) await new Promise(setImmediate);
  const refused = await put('/v1/kv/c', '3');
  assert.equal(refused.headers.get('retry-after'), '1');
  const error = await errorOf(refused);
  assert.deepEqual([error.status, error.code], [429, 'overloaded']);
  assert.equal((await request('/v1/kv/a')).status, 429);
  for (const probe of ['/livez', '/readyz', '/metrics', '/version', '/v1/status']) {
    assert.equal((await request(probe)).status, 200, probe);
  }
  resolve();
  for (const response of await Promise.all(waiting)) assert.equal(response.status, 200);
  assert.equal((await put('/v1/kv/c', '3')).status, 200, 'there is room again');
});

test('bytes past the limit are refused before they are held', async (t) => {
  const { put, member } = await startTestApi(t, { limits: { maxBufferedBytes: 1500 } });
  const { promise, resolve } = Promise.withResolvers<void>();
  member.gate = promise;
  const first = put('/v1/kv/a', 'x'.repeat(1000));
  while (member.calls.length < 1) await new Promise(setImmediate);
  assert.equal((await errorOf(await put('/v1/kv/b', 'x'.repeat(501)))).code, 'overloaded');
  assert.equal(member.calls.length, 1);
  const second = put('/v1/kv/b', 'x'.repeat(500));
  while (member.calls.length < 2) await new Promise(setImmediate);
  resolve();
  assert.deepEqual([(await first).status, (await second).status], [200, 200]);
  assert.equal((await put('/v1/kv/c', 'x'.repeat(1500))).status, 200, 'what was held was given back');
});

test('a client that leaves in the middle of its body gives back what it had taken', async (t) => {
  const { put, port, member } = await startTestApi(t, { limits: { maxRequestsInFlight: 1, maxBufferedBytes: 1000 } });
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf');
  let status = 200;
  while (status !== 429) status = (await put('/v1/kv/b', 'v')).status;
  socket.destroy();
  while (status !== 200) status = (await put('/v1/kv/b', 'x'.repeat(1000))).status;
  const values = member.calls.map(([, what]) => String((what as { command: { value: Buffer } }).command.value));
  assert.ok(values.every((value) => !value.startsWith('half')));
});

test('large answers that nobody reads refuse reads, but no writes, until they have left', async (t) => {
  const { put, request, member, socket } = await startWithLargePage(t);
  // Nobody reads the pages: the kernel takes the first ones, the member holds the rest.
  let status = 200;
  while (status !== 429) {
    socket.write('GET /v1/kv HTTP/1.1\r\nHost: x\r\n\r\n');
    status = (await request('/v1/kv/small')).status;
  }
  assert.equal((await put('/v1/kv/small', 'x'.repeat(1_000_000))).status, 200);
  socket.destroy();
  while (status !== 200) status = (await request('/v1/kv/small')).status;
  assert.equal(member.answers.bytes, 0);
});

test('an answer that is left lying is broken off where there is no room', async (t) => {
  const { request, member, socket } = await startWithLargePage(t);
  while (member.answers.bytes < 8_000_000) {
    socket.write('GET /v1/kv HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise(setImmediate);
  }
  assert.equal((await request('/v1/kv/0')).status, 429);
  member.nowMs = 60_000;
  let status = 0;
  while (status !== 200) status = (await request('/v1/kv/0')).status;
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
});

/** An API whose first page is 4 MiB and more, and a connection that reads nothing by itself. */
async function startWithLargePage(t: TestContext) {
  const api = await startTestApi(t);
  for (let at = 0; at < 4; at++) await api.put(`/v1/kv/${at}`, 'x'.repeat(1_500_000));
  const socket = connect(api.port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return { ...api, socket };
}
