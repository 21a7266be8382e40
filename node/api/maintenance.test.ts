import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import test from 'node:test';
import { errorOf, startTestApi } from './testing/start-test-api.ts';

test('compaction answers with what is left, and refuses what is gone or not there yet', async (t) => {
  const { post, put } = await startTestApi(t);
  for (const value of ['1', '2', '3']) await put('/v1/kv/a', value);
  assert.deepEqual(await (await post('/v1/compact', { revision: 3 })).json(), { revision: 4, compacted_revision: 3 });
  const again = await errorOf(await post('/v1/compact', { revision: 3 }));
  assert.deepEqual([again.status, again.code], [410, 'compacted']);
  const future = await errorOf(await post('/v1/compact', { revision: 99 }));
  assert.deepEqual([future.status, future.code], [400, 'future_revision']);
  for (const body of [{}, { revision: 0 }, { revision: '3' }, { revison: 3 }]) {
    assert.equal((await post('/v1/compact', body)).status, 400, JSON.stringify(body));
  }
});

test('a snapshot is sent whole, under a name that says of what', async (t) => {
  const { request, member } = await startTestApi(t);
  member.snapshotChunks = Array.from({ length: 40 }, (_, at) => Buffer.alloc(100_000, at));
  const response = await request('/v1/snapshot');
  assert.equal(
    response.headers.get('content-disposition'),
    'attachment; filename="quorate-00000000000000c1-5.snapshot"',
  );
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.concat(member.snapshotChunks));
  assert.equal(member.snapshotsOpen, 0);
});

test('a client that leaves in the middle leaves no snapshot open', async (t) => {
  const { port, member } = await startTestApi(t);
  member.snapshotChunks = Array.from({ length: 1000 }, () => Buffer.alloc(1_000_000));
  const request = httpRequest({ host: '127.0.0.1', port, path: '/v1/snapshot' }).end();
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'data');
  assert.equal(member.snapshotsOpen, 1);
  request.destroy();
  while (member.snapshotsOpen > 0) await new Promise(setImmediate);
});

test('a snapshot that fails on its way breaks off, so that nobody takes it for whole', async (t) => {
  const { request, member, logged } = await startTestApi(t);
  const { openSnapshot } = member;
  member.openSnapshot = async () => {
    const source = await openSnapshot.call(member);
    return {
      ...source,
      async *chunks() {
        yield Buffer.alloc(10);
        throw new Error('the disk is gone');
      },
    };
  };
  const response = await request('/v1/snapshot');
  assert.equal(response.status, 200);
  await assert.rejects(response.arrayBuffer());
  assert.deepEqual(
    logged.map(({ event }) => event),
    ['api_request_failed'],
  );
  assert.equal(member.snapshotsOpen, 0);
});

test('only so many snapshots are sent at once', async (t) => {
  const { request, member, port } = await startTestApi(t, { limits: { maxSnapshotStreams: 1 } });
  member.snapshotChunks = Array.from({ length: 1000 }, () => Buffer.alloc(1_000_000));
  const first = httpRequest({ host: '127.0.0.1', port, path: '/v1/snapshot' }).end();
  await once(first, 'response');
  const refused = await errorOf(await request('/v1/snapshot'));
  assert.deepEqual([refused.status, refused.code], [429, 'overloaded']);
  first.destroy();
  while (member.snapshotsOpen > 0) await new Promise(setImmediate);
  member.snapshotChunks = [];
  assert.equal((await request('/v1/snapshot')).status, 200);
});
