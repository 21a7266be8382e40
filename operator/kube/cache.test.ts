import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { HttpKubeApi } from './api.ts';
import { defaultCacheTimes, startCache } from './cache.ts';
import type { KubeError } from './errors.ts';
import { type ConfigMap, configMapKind } from './kinds.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { type Exchange, ScriptedServer, status } from './testing/scripted-server.ts';
import { until } from './testing/until.ts';
import type { Cache } from './types.ts';

const path = 'GET /api/v1/configmaps';

let server: ScriptedServer;
let clock: ManualClock;
let api: HttpKubeApi;
let cache: Cache<ConfigMap>;
/** The changes that listeners received: name, and resource version before and after, as in `a: 3 -> 4`. */
let changes: string[];
let failures: { code: string; retryInMs: number }[];

beforeEach(async () => {
  server = await ScriptedServer.start();
  clock = new ManualClock();
  api = new HttpKubeApi({ server: server.apiServer, clock, userAgent: 'test', rate: { perSecond: 1e6, burst: 1e6 } });
  changes = [];
  failures = [];
  cache = startCache({
    api,
    clock,
    random: () => 0,
    kind: configMapKind,
    scope: {},
    observer: {
      listed: () => {},
      failed: (_kind, error: KubeError, retryInMs) => failures.push({ code: error.code, retryInMs }),
    },
  });
  cache.onChange(({ name, before, after }) => {
    changes.push(`${name}: ${before?.metadata.resourceVersion ?? '-'} -> ${after?.metadata.resourceVersion ?? '-'}`);
  });
});

afterEach(async () => {
  await cache.stop();
  await api.close();
  await server.kill();
});

function objectOf(name: string, resourceVersion: number, uid = `uid-${name}`): unknown {
  return { metadata: { namespace: 'ns', name, uid, resourceVersion: String(resourceVersion) } };
}

async function answerList(resourceVersion: number, ...items: unknown[]): Promise<void> {
  const request = await server.expect(path);
  assert.equal(request.query.get('watch'), null, 'it lists');
  request.answer(200, { metadata: { resourceVersion: String(resourceVersion) }, items });
}

async function takeWatch(from: number): Promise<Exchange> {
  const request = await server.expect(path);
  assert.equal(request.query.get('watch'), 'true', 'it watches');
  assert.equal(request.query.get('resourceVersion'), String(from));
  return request;
}

async function heard(expected: readonly string[]): Promise<void> {
  await until(() => changes.length >= expected.length, `${expected.length} changes, not ${changes.join(', ')}`);
  assert.deepEqual(changes, expected);
}

/** Waits until the cache has failed `count` times in all, and lets its backoff pass. */
async function throughBackoff(count: number): Promise<void> {
  await until(() => failures.length === count, `${count} failures`);
  clock.advance(failures.at(-1)!.retryInMs);
}

test('it is in sync after the first list, and follows the watch from there', async () => {
  assert.equal(cache.hasSynced, false);
  await answerList(10, objectOf('a', 3), objectOf('b', 7));
  await cache.synced;
  assert.deepEqual(changes, ['a: - -> 3', 'b: - -> 7']);
  const watch = await takeWatch(10);
  watch.event('MODIFIED', objectOf('a', 11));
  watch.event('DELETED', objectOf('b', 12));
  watch.event('ADDED', objectOf('c', 13));
  await heard(['a: - -> 3', 'b: - -> 7', 'a: 3 -> 11', 'b: 7 -> -', 'c: - -> 13']);
  assert.deepEqual(
    cache
      .list('ns')
      .map(({ metadata }) => metadata.name)
      .sort(),
    ['a', 'c'],
  );
  assert.deepEqual(cache.list('other'), []);
});

test('a watch that dies without a word is given up, and what it missed is told', async () => {
  await answerList(10, objectOf('kept', 3), objectOf('deleted', 7));
  const silent = await takeWatch(10);
  silent.begin();
  await until(() => clock.delaysMs.includes(defaultCacheTimes.idleMs), 'it watches the silence');
  const contactMs = cache.lastContactMs;
  clock.advance(defaultCacheTimes.idleMs);
  assert.equal(clock.nowMs() - cache.lastContactMs, defaultCacheTimes.idleMs, 'how old it is can be seen');
  assert.equal(cache.lastContactMs, contactMs);
  await throughBackoff(1);
  assert.equal(failures[0]?.code, 'Timeout');
  await until(() => silent.closed, 'the dead connection was closed');
  await answerList(20, objectOf('kept', 3));
  await heard(['kept: - -> 3', 'deleted: - -> 7', 'deleted: 7 -> -']);
  await takeWatch(20);
});

test('a peer that never answers a watch at all is given up, too', async () => {
  await answerList(10);
  await takeWatch(10);
  clock.advance(defaultCacheTimes.idleMs);
  await throughBackoff(1);
  await answerList(10);
});

test('bookmarks alone keep a watch alive, and carry it on without a list', async () => {
  await answerList(10, objectOf('a', 3));
  const watch = await takeWatch(10);
  for (let times = 1; times <= 5; times += 1) {
    clock.advance(20_000);
    watch.event('BOOKMARK', { metadata: { resourceVersion: String(10 + times) } });
    await until(() => cache.lastContactMs === clock.nowMs(), 'the bookmark arrived');
  }
  watch.end();
  await takeWatch(15);
  assert.deepEqual(failures, []);
});

test('a watch that the API server ends in time goes on where it was', async () => {
  await answerList(10);
  const watch = await takeWatch(10);
  assert.equal(watch.query.get('timeoutSeconds'), '30');
  watch.event('ADDED', objectOf('a', 12));
  await heard(['a: - -> 12']);
  clock.advance(30_000);
  watch.end();
  await takeWatch(12);
  assert.deepEqual(failures, []);
});

test('410 as the answer leads to a new list', async () => {
  await answerList(10, objectOf('a', 3));
  (await takeWatch(10)).answer(410, status(410, 'Expired', 'too old resource version'));
  await throughBackoff(1);
  await answerList(50, objectOf('a', 45));
  await heard(['a: - -> 3', 'a: 3 -> 45']);
});

test('410 in the middle of a watch leads to a new list, which tells what was deleted in the gap', async () => {
  await answerList(10, objectOf('a', 3));
  const watch = await takeWatch(10);
  watch.event('ADDED', objectOf('b', 11));
  watch.event('ERROR', status(410, 'Expired', 'too old resource version'));
  await throughBackoff(1);
  assert.equal(failures[0]?.code, 'Gone');
  await answerList(50, objectOf('b', 11));
  await heard(['a: - -> 3', 'b: - -> 11', 'a: 3 -> -']);
});

test('an object that was created again during the gap is told as gone and as new', async () => {
  await answerList(10, objectOf('a', 3, 'first'));
  (await takeWatch(10)).answer(410, status(410, 'Expired', 'too old'));
  await throughBackoff(1);
  await answerList(50, objectOf('a', 45, 'second'));
  await heard(['a: - -> 3', 'a: 3 -> -', 'a: - -> 45']);
});

test('a storm of errors is waited out for ever, ever longer up to a limit', async () => {
  for (let count = 1; count <= 12; count += 1) {
    (await server.next()).answer(500, status(500, 'InternalError', 'etcdserver: no leader'));
    await throughBackoff(count);
  }
  const waits = failures.map(({ retryInMs }) => retryInMs);
  assert.deepEqual(waits.slice(0, 4), [125, 250, 500, 1000]);
  assert.equal(waits.at(-1), defaultCacheTimes.backoff.mostMs / 2);
  await answerList(10, objectOf('a', 3));
  await cache.synced;
  assert.deepEqual(changes, ['a: - -> 3']);
});

test('an API server that asks for patience gets it', async () => {
  (await server.next()).answer(429, 'too many requests', { 'retry-after': '30' });
  await throughBackoff(1);
  assert.equal(failures[0]?.retryInMs, 30_000);
  await answerList(10);
});

test('an API server that restarts on its port is found again, and the watch goes on', async () => {
  await answerList(10, objectOf('a', 3));
  const watch = await takeWatch(10);
  watch.event('MODIFIED', objectOf('a', 11));
  await heard(['a: - -> 3', 'a: 3 -> 11']);
  const { port } = server;
  await server.kill();
  await throughBackoff(1);
  await throughBackoff(2);
  await until(() => failures.length === 3, 'it was refused');
  server = await ScriptedServer.start(port);
  clock.advance(failures.at(-1)!.retryInMs);
  // A watch has failed without delivering anything, so the cache no longer trusts its version and lists.
  await answerList(30, objectOf('a', 11), objectOf('b', 25));
  await heard(['a: - -> 3', 'a: 3 -> 11', 'b: - -> 25']);
  assert.deepEqual(new Set(failures.map(({ code }) => code)), new Set(['Unreachable']));
});

test('a watch that was cut after it brought something goes on without a list', async () => {
  await answerList(10);
  const watch = await takeWatch(10);
  watch.event('ADDED', objectOf('a', 11));
  await heard(['a: - -> 11']);
  watch.write('{"type":"MODIFIED","object":{"metad');
  watch.cut();
  await throughBackoff(1);
  await takeWatch(11);
});

test('an API server that ends every watch at once is not stormed', async () => {
  await answerList(10);
  for (let count = 1; count <= 3; count += 1) {
    const watch = await takeWatch(9 + count);
    watch.event('BOOKMARK', { metadata: { resourceVersion: String(10 + count) } });
    watch.end();
    await throughBackoff(count);
  }
  assert.equal(server.log.length, 4);
});

test('events that come twice change nothing', async () => {
  await answerList(10, objectOf('a', 3));
  const watch = await takeWatch(10);
  watch.event('MODIFIED', objectOf('a', 11));
  watch.event('MODIFIED', objectOf('a', 11));
  watch.event('ADDED', objectOf('b', 12));
  watch.event('MODIFIED', objectOf('a', 11));
  watch.event('DELETED', objectOf('b', 13));
  watch.event('DELETED', objectOf('b', 13));
  watch.event('DELETED', objectOf('b', 13));
  watch.event('ADDED', objectOf('end', 14));
  await heard(['a: - -> 3', 'a: 3 -> 11', 'b: - -> 12', 'b: 12 -> -', 'end: - -> 14']);
  assert.deepEqual(failures, []);
});

test('an event out of order brings nothing back from the dead: it lists instead', async () => {
  await answerList(10, objectOf('a', 3));
  const watch = await takeWatch(10);
  watch.event('DELETED', objectOf('a', 15));
  watch.event('MODIFIED', objectOf('a', 12));
  await throughBackoff(1);
  await answerList(15);
  await takeWatch(15);
  assert.deepEqual(changes, ['a: - -> 3', 'a: 3 -> -']);
});

test('an API server that is back from a backup, with old versions, is believed', async () => {
  await answerList(1000, objectOf('a', 900), objectOf('lost', 950));
  const watch = await takeWatch(1000);
  watch.answer(504, status(504, 'Timeout', 'Too large resource version: 1000, current: 40'));
  await throughBackoff(1);
  await answerList(40, objectOf('a', 30));
  await heard(['a: - -> 900', 'lost: - -> 950', 'lost: 950 -> -', 'a: 900 -> 30']);
  const next = await takeWatch(40);
  next.event('MODIFIED', objectOf('a', 41));
  await until(() => changes.length === 5, 'it follows');
});

test('a watch that brought nothing in its whole time is not gone on with', async () => {
  await answerList(1000, objectOf('a', 900));
  const watch = await takeWatch(1000);
  watch.begin();
  clock.advance(30_000);
  watch.end();
  await answerList(40, objectOf('a', 30));
  await heard(['a: - -> 900', 'a: 900 -> 30']);
  assert.deepEqual(failures, []);
});

test('everything is listed again after a time, whatever the watch says', async () => {
  await answerList(10, objectOf('a', 3));
  let version = 10;
  for (let heardMs = 0; heardMs < defaultCacheTimes.relistMs; heardMs += 30_000) {
    const watch = await takeWatch(version);
    clock.advance(30_000);
    version += 1;
    watch.event('BOOKMARK', { metadata: { resourceVersion: String(version) } });
    watch.end();
  }
  await answerList(99);
  await heard(['a: - -> 3', 'a: 3 -> -']);
});

test('nonsense in a watch is an error like others', async () => {
  await answerList(10);
  (await takeWatch(10)).write('<html>\n');
  await throughBackoff(1);
  await answerList(10);
  (await takeWatch(10)).event('MODIFIED', {});
  await throughBackoff(2);
  await answerList(10);
});

test('it stops in the middle of anything', async () => {
  const request = await server.next();
  await cache.stop();
  await until(() => request.closed, 'the list was given up');
  assert.deepEqual(failures, []);
});
