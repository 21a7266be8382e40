import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'node:test';
import { RequestError } from '../server/types.ts';
import { readEvents } from './testing/read-events.ts';
import { errorOf, startTestApi } from './testing/start-test-api.ts';

const revisions = (frames: { event: string; id: string | undefined }[]) =>
  frames.map(({ event, id }) => `${event} ${id}`);

test('a watch begins with where it stands, then tells each change under its revision', async (t) => {
  const { url, put, request } = await startTestApi(t);
  await put('/v1/kv/a/1', 'before');
  const events = await readEvents(t, `${url}/v1/watch?prefix=a/`);
  assert.equal(events.response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  assert.deepEqual(await events.next(), { event: 'progress', id: '2', data: { revision: 2 } });
  await put('/v1/kv/b', 'not watched');
  await put('/v1/kv/a/1', 'one');
  await request('/v1/kv/a/1', { method: 'DELETE' });
  assert.deepEqual(await events.next(), {
    event: 'events',
    id: '4',
    data: {
      revision: 4,
      events: [{ type: 'put', item: { key: 'a/1', value: 'one', create_revision: 2, mod_revision: 4, version: 2 } }],
    },
  });
  assert.deepEqual(await events.next(), {
    event: 'events',
    id: '5',
    data: {
      revision: 5,
      events: [{ type: 'delete', item: { key: 'a/1', create_revision: 0, mod_revision: 5, version: 0 } }],
    },
  });
});

test('a reconnect with Last-Event-ID goes on without a gap and without a repeat', async (t) => {
  const { url, put } = await startTestApi(t);
  const first = await readEvents(t, `${url}/v1/watch?prefix=`);
  await first.next();
  await put('/v1/kv/a', '1');
  const last = await first.next();
  first.close();
  await put('/v1/kv/a', '2');
  await put('/v1/kv/a', '3');
  const second = await readEvents(t, `${url}/v1/watch?prefix=&start_revision=1`, { 'last-event-id': last.id! });
  const seen = [await second.next(), await second.next(), await second.next()];
  assert.deepEqual(revisions(seen), ['progress 2', 'events 3', 'events 4']);
});

test('a reconnect before the first event misses nothing either', async (t) => {
  const { url, put } = await startTestApi(t);
  const first = await readEvents(t, `${url}/v1/watch?key=a`);
  const { id } = await first.next();
  first.close();
  await put('/v1/kv/a', '1');
  const second = await readEvents(t, `${url}/v1/watch?key=a`, { 'last-event-id': id! });
  await second.next();
  assert.equal((await second.next()).id, '2');
});

test('history is told from start_revision on, and a future one is waited for', async (t) => {
  const { url, put } = await startTestApi(t);
  for (const value of ['1', '2', '3']) await put('/v1/kv/a', value);
  const past = await readEvents(t, `${url}/v1/watch?key=a&start_revision=3&prev=true`);
  const [start, second] = [await past.next(), await past.next()];
  assert.deepEqual(revisions([start, second]), ['progress 2', 'events 3']);
  const { events } = second.data as { events: { previous: { value: string } }[] };
  assert.equal(events[0]?.previous.value, '1');
  const future = await readEvents(t, `${url}/v1/watch?key=a&start_revision=6`);
  assert.equal((await future.next()).id, '5');
  await put('/v1/kv/a', '4');
  await put('/v1/kv/a', '5');
  assert.equal((await future.next()).id, '6');
});

test('puts or deletes can be left out', async (t) => {
  const { url, put, request } = await startTestApi(t);
  const events = await readEvents(t, `${url}/v1/watch?key=a&skip_puts=true`);
  await events.next();
  await put('/v1/kv/a', '1');
  await request('/v1/kv/a', { method: 'DELETE' });
  assert.equal((await events.next()).id, '3');
});

test('history that is gone is 410, with the revision from which there is some', async (t) => {
  const { request, put, post } = await startTestApi(t);
  for (const value of ['1', '2', '3']) await put('/v1/kv/a', value);
  await post('/v1/compact', { revision: 4 });
  const error = await errorOf(await request('/v1/watch?key=a&start_revision=2'));
  assert.deepEqual([error.status, error.code, error.compacted_revision], [410, 'compacted', 4]);
  const resumed = await errorOf(await request('/v1/watch?key=a', { headers: { 'last-event-id': '1' } }));
  assert.equal(resumed.status, 410);
});

test('a watch that cannot go on says why and ends', async (t) => {
  const { url, member } = await startTestApi(t);
  const { watch } = member;
  let fail: (error: Error) => void = () => undefined;
  const failing = new Promise<never>((_, reject) => {
    fail = reject;
  });
  member.watch = async (options) => {
    const source = await watch.call(member, options);
    source.next = () => failing;
    return source;
  };
  const events = await readEvents(t, `${url}/v1/watch?key=a`);
  await events.next();
  fail(new RequestError('compacted', 'gone', { compacted_revision: 7 }));
  assert.deepEqual(await events.next(), {
    event: 'failure',
    id: undefined,
    data: { error: { code: 'compacted', message: 'gone', compacted_revision: 7 } },
  });
  assert.equal(await events.ended, undefined);
  assert.equal(member.watchesOpen, 0);
});

test('a quiet watch hears progress, under the revision that it may resume from', async (t) => {
  const { url, put } = await startTestApi(t, { limits: { heartbeatIntervalMs: 10 } });
  const events = await readEvents(t, `${url}/v1/watch?key=a`);
  await events.next();
  await put('/v1/kv/b', 'elsewhere');
  let frame = await events.next();
  while (frame.id === '1') frame = await events.next();
  assert.deepEqual(frame, { event: 'progress', id: '2', data: { revision: 2 } });
  assert.ok(events.comments() > 0);
});

test('the member’s watch ends when the client leaves, and when the member ends it', async (t) => {
  const { url, member } = await startTestApi(t);
  const first = await readEvents(t, `${url}/v1/watch?prefix=`);
  await first.next();
  assert.equal(member.watchesOpen, 1);
  first.close();
  while (member.watchesOpen > 0) await new Promise(setImmediate);
  const second = await readEvents(t, `${url}/v1/watch?prefix=`);
  await second.next();
  member.store.close();
  assert.equal(await second.ended, undefined);
});

test('what to watch must be said, and said rightly', async (t) => {
  const { request, member } = await startTestApi(t);
  for (const query of ['', '?key=', '?key=a&prefix=b', '?prefix=a&start_revision=-1', '?prefix=a&nonsense=1']) {
    assert.equal((await request(`/v1/watch${query}`)).status, 400, query);
  }
  const odd = await request('/v1/watch?key=a', { headers: { 'last-event-id': 'x' } });
  assert.match((await errorOf(odd)).message, /Last-Event-ID is 'x'/);
  assert.equal(member.watchesOpen, 0);
});

test('HEAD of a watch opens none', async (t) => {
  const { request, member } = await startTestApi(t);
  const response = await request('/v1/watch?prefix=', { method: 'HEAD' });
  assert.equal(response.status, 200);
  while (member.watchesOpen > 0) await new Promise(setImmediate);
});

test('a client that does not read holds back its own watch and nobody else’s memory', async (t) => {
  const { port, put, member } = await startTestApi(t);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  let pulled = 0;
  const { watch } = member;
  member.watch = async (options) => {
    const source = await watch.call(member, options);
    const { next } = source;
    source.next = () => {
      pulled += 1;
      return next.call(source);
    };
    return source;
  };
  socket.write('GET /v1/watch?prefix= HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'readable');
  const value = 'x'.repeat(1024 * 1024);
  // Far more than socket buffers hold; the reader above never reads.
  for (let at = 0; at < 24; at++) await put('/v1/kv/a', value);
  const before = pulled;
  assert.ok(before < 20, `${before} batches were pulled for a client that reads none`);
  await put('/v1/kv/a', value);
  assert.equal(pulled, before);
});

test('too many streams are refused, and one that ends makes room', async (t) => {
  const { url, request, member } = await startTestApi(t, { limits: { maxStreams: 1 } });
  const first = await readEvents(t, `${url}/v1/watch?prefix=`);
  await first.next();
  const refused = await request('/v1/watch?prefix=');
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.deepEqual((await errorOf(refused)).code, 'overloaded');
  assert.equal(member.watchesOpen, 1);
  first.close();
  while (member.watchesOpen > 0) await new Promise(setImmediate);
  await (await readEvents(t, `${url}/v1/watch?prefix=`)).next();
});
