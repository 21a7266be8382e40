import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'node:test';
import { startHttpServer } from './http-server.ts';
import { readEvents } from './testing/read-events.ts';
import { startTestApi } from './testing/start-test-api.ts';

test('closing lets an accepted request finish, and closes its connection with the answer', async (t) => {
  const { port, member, server } = await startTestApi(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  member.gate = promise;
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const request = httpRequest({ host: '127.0.0.1', port, path: '/v1/kv/a', method: 'PUT', agent }).end('v');
  while (member.calls.length < 1) await new Promise(setImmediate);
  let isClosed = false;
  const closed = server.close(60_000).then(() => {
    isClosed = true;
  });
  await assert.rejects(fetch(`http://127.0.0.1:${port}/livez`), 'nothing new is accepted');
  assert.equal(isClosed, false);
  resolve();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.deepEqual([response.statusCode, response.headers.connection], [200, 'close']);
  response.resume();
  await closed;
});

test('closing ends idle connections and event streams in good order', async (t) => {
  const { port, url, server, member } = await startTestApi(t);
  const idle = connect(port, '127.0.0.1');
  idle.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(idle, 'data');
  const watch = await readEvents(t, `${url}/v1/watch?prefix=`);
  const events = await readEvents(t, `${url}/v1/events`);
  await watch.next();
  await events.next();
  await server.close(60_000);
  assert.equal(await watch.ended, undefined);
  assert.equal(await events.ended, undefined);
  assert.deepEqual([member.watchesOpen, member.listenerCount], [0, 0]);
  if (!idle.closed) await once(idle, 'close');
});

test('closing breaks off at the deadline what will not end', async (t) => {
  const { port, member, server } = await startTestApi(t);
  member.gate = new Promise(() => undefined);
  const request = httpRequest({ host: '127.0.0.1', port, path: '/v1/kv/a' }).end();
  const failed = once(request, 'error');
  while (member.calls.length < 1) await new Promise(setImmediate);
  await server.close(20);
  await assert.rejects(
    failed.then(([error]) => Promise.reject(error)),
    { code: 'ECONNRESET' },
  );
});

test('a port that is taken is the system’s error', async (t) => {
  const { port, api } = await startTestApi(t);
  await assert.rejects(startHttpServer({ api, listen: { host: '127.0.0.1', port }, tls: null }), {
    code: 'EADDRINUSE',
  });
});

test('what a client expects and no server gives is refused in the one shape of errors', async (t) => {
  const { port } = await startTestApi(t);
  const headers = { Expect: 'tea' };
  const request = httpRequest({ host: '127.0.0.1', port, path: '/v1/kv/a', method: 'PUT', headers }).end('v');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  assert.deepEqual([response.statusCode, response.headers.connection], [400, 'close']);
  const { error } = JSON.parse(await text(response));
  assert.deepEqual(error, {
    code: 'invalid_request',
    message: 'the header Expect may be 100-continue, and nothing else',
  });
});

test('requests that say nothing of a body have an empty one, and are answered in order', async (t) => {
  const { port, put } = await startTestApi(t);
  await put('/v1/kv/a', 'v');
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const heads = ['GET /v1/kv/a', 'POST /v1/leases', 'PUT /v1/kv/b', 'DELETE /v1/kv/none', 'GET /v1/kv/none'];
  for (const head of heads) socket.write(`${head} HTTP/1.1\r\nHost: x\r\n\r\n`);
  socket.write('PUT /v1/kv/c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nv\r\n0\r\n\r\n');
  socket.write('HEAD /v1/kv/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const answers = await text(socket);
  const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  assert.deepEqual(statuses, [200, 400, 200, 200, 404, 200, 200]);
});
