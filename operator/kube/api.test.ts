import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { HttpKubeApi } from './api.ts';
import { isKubeError } from './errors.ts';
import { configMapKind, nodeKind, podKind, statefulSetKind } from './kinds.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { ScriptedServer, status } from './testing/scripted-server.ts';
import { until } from './testing/until.ts';
import type { KubeErrorCode } from './types.ts';

const name = { namespace: 'ns', name: 'db' };
const stored = { apiVersion: 'v1', kind: 'Pod', metadata: { ...name, uid: 'u1', resourceVersion: '7' } };

let server: ScriptedServer;
let clock: ManualClock;
let api: HttpKubeApi;

beforeEach(async () => {
  server = await ScriptedServer.start();
  clock = new ManualClock();
  api = new HttpKubeApi({ server: server.apiServer, clock, userAgent: 'quorate-operator/test' });
});

afterEach(async () => {
  await api.close();
  await server.kill();
});

function fails(promise: Promise<unknown>, code: KubeErrorCode, message: RegExp = /./): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(isKubeError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test('a get is a fresh read of one object', async () => {
  const got = api.get(podKind, name);
  const request = await server.expect('GET /api/v1/namespaces/ns/pods/db');
  assert.equal(request.query.size, 0);
  assert.equal(request.headers['user-agent'], 'quorate-operator/test');
  request.answer(200, stored);
  assert.deepEqual(await got, stored);
});

test('what is not there is null, but a kind that is not served is an error', async () => {
  const absent = api.get(podKind, name);
  (await server.next()).answer(404, status(404, 'NotFound', 'pods "db" not found', { name: 'db', kind: 'pods' }));
  assert.equal(await absent, null);
  const unknown = api.get(podKind, name);
  const unserved = fails(unknown, 'KindNotServed');
  (await server.next()).answer(404, '404 page not found');
  await unserved;
});

test('objects without namespace have their own paths, and a mix-up is refused before anything is sent', async () => {
  const got = api.get(nodeKind, { namespace: '', name: 'node-1' });
  (await server.expect('GET /api/v1/nodes/node-1')).answer(200, stored);
  await got;
  await assert.rejects(api.get(nodeKind, name), TypeError);
  await assert.rejects(api.get(podKind, { namespace: '', name: 'db' }), TypeError);
});

test('a list is of all pages, and its items say their kind', async () => {
  const listed = api.list(podKind, { namespace: 'ns', labelSelector: 'app=db' }, { pageSize: 1 });
  const first = await server.expect('GET /api/v1/namespaces/ns/pods');
  assert.deepEqual(Object.fromEntries(first.query), { labelSelector: 'app=db', limit: '1' });
  const item = { metadata: stored.metadata };
  first.answer(200, { metadata: { resourceVersion: '9', continue: 'next' }, items: [item] });
  const second = await server.next();
  assert.equal(second.query.get('continue'), 'next');
  second.answer(200, { metadata: { resourceVersion: '9' }, items: [item] });
  assert.deepEqual(await listed, { items: [stored, stored], resourceVersion: '9' });
});

test('pages whose moment is compacted away are read again in one', async () => {
  const listed = api.list(podKind, {});
  (await server.expect('GET /api/v1/pods')).answer(200, {
    metadata: { resourceVersion: '9', continue: 'x' },
    items: [],
  });
  (await server.next()).answer(410, status(410, 'Expired', 'too old'));
  const whole = await server.next();
  assert.deepEqual(Object.fromEntries(whole.query), {});
  whole.answer(200, { metadata: { resourceVersion: '12' }, items: [{ metadata: stored.metadata }] });
  assert.equal((await listed).resourceVersion, '12');
});

test('slow pages have their time each', async () => {
  const listed = api.list(podKind, {});
  for (const next of ['a', 'b', undefined]) {
    const page = await server.next();
    clock.advance(9000);
    page.answer(200, { metadata: { resourceVersion: '9', continue: next }, items: [] });
  }
  assert.equal((await listed).resourceVersion, '9');
});

test('apply names its manager, forces, and carries no managed fields and no precondition unasked', async () => {
  const object = { metadata: { ...name, resourceVersion: '5', uid: 'old', managedFields: [] }, spec: { replicas: 3 } };
  const applied = api.apply(statefulSetKind, object as never);
  const request = await server.expect('PATCH /apis/apps/v1/namespaces/ns/statefulsets/db');
  assert.deepEqual(Object.fromEntries(request.query), { fieldManager: 'quorate', force: 'true' });
  assert.equal(request.headers['content-type'], 'application/apply-patch+yaml');
  const expected = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: name, spec: { replicas: 3 } };
  assert.deepEqual(request.json, expected);
  request.answer(200, stored);
  await applied;
});

test('apply and patch carry the preconditions that were asked for', async () => {
  const preconditions = { uid: 'u1', resourceVersion: '7' };
  const applied = api.apply(configMapKind, { metadata: name }, preconditions);
  const apply = await server.next();
  assert.deepEqual(Object.fromEntries(apply.query), { fieldManager: 'quorate', force: 'true' });
  assert.deepEqual(apply.json['metadata'], { ...name, ...preconditions });
  apply.answer(200, stored);
  await applied;
  const change = { metadata: { finalizers: [] }, status: { phase: 'x' } };
  const patched = api.patch(podKind, name, change, { ...preconditions, subresource: 'status' });
  const patch = await server.expect('PATCH /api/v1/namespaces/ns/pods/db/status');
  assert.equal(patch.headers['content-type'], 'application/merge-patch+json');
  assert.deepEqual(patch.json, { metadata: { finalizers: [], ...preconditions }, status: { phase: 'x' } });
  patch.answer(409, status(409, 'Conflict', 'the object has been modified'));
  await fails(patched, 'Conflict', /^patch Pod ns\/db: the object has been modified$/);
});

test('an apply that must not create says of which object it is', async () => {
  await assert.rejects(api.apply(configMapKind, { metadata: name }, { resourceVersion: '7' }), TypeError);
});

test('delete has preconditions, and what is gone already is no error', async () => {
  const deleted = api.delete(podKind, name, { uid: 'u1', resourceVersion: '7', gracePeriodSeconds: 0 });
  const request = await server.expect('DELETE /api/v1/namespaces/ns/pods/db');
  assert.deepEqual(request.json, {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: 'Background',
    preconditions: { uid: 'u1', resourceVersion: '7' },
    gracePeriodSeconds: 0,
  });
  request.answer(200, stored);
  assert.equal(await deleted, 'Accepted');
  const again = api.delete(podKind, name);
  (await server.next()).answer(404, status(404, 'NotFound', 'not found', { name: 'db' }));
  assert.equal(await again, 'Absent');
});

test('another object under the same name is a conflict, though the API server calls it invalid', async () => {
  const patched = api.patch(podKind, name, {}, { uid: 'u1' });
  const causes = [{ reason: 'FieldValueInvalid', message: 'field is immutable', field: 'metadata.uid' }];
  (await server.next()).answer(422, status(422, 'Invalid', 'Pod "db" is invalid', { name: 'db', causes }));
  await fails(patched, 'Conflict');
});

test("a budget's refusal is the answer to an eviction, with the budget's words", async () => {
  const evicted = api.evict(name, { uid: 'u1' });
  const request = await server.expect('POST /api/v1/namespaces/ns/pods/db/eviction');
  assert.deepEqual(request.json['deleteOptions'], { preconditions: { uid: 'u1' } });
  const message = 'The disruption budget db needs 2 healthy pods and has 2 currently';
  const causes = [{ reason: 'DisruptionBudget', message }];
  request.answer(429, status(429, 'TooManyRequests', 'Cannot evict pod', { retryAfterSeconds: 10, causes }));
  assert.deepEqual(await evicted, { outcome: 'Refused', message, retryAfterMs: 10_000 });
});

test('throttling of an eviction is waited for as that of any request', async () => {
  const evicted = api.evict(name);
  (await server.next()).answer(429, status(429, 'TooManyRequests', 'slow down'), { 'retry-after': '2' });
  await until(() => clock.delaysMs.includes(2000), 'it waits');
  clock.advance(2000);
  (await server.next()).answer(201, status(201, '', ''));
  assert.deepEqual(await evicted, { outcome: 'Evicted' });
});

test('throttling holds back every other request, too, and ends as an error at the deadline', async () => {
  const first = api.get(podKind, name);
  (await server.next()).answer(429, 'too many', { 'retry-after': '3' });
  await until(() => clock.delaysMs.includes(3000), 'it waits');
  const other = api.get(podKind, { namespace: 'ns', name: 'other' });
  const hasty = api.get(podKind, name, { deadlineMs: 1000 });
  await fails(hasty, 'TooManyRequests', /not sent/);
  assert.equal(server.log.length, 1);
  clock.advance(3000);
  for (let answers = 0; answers < 2; answers += 1) (await server.next()).answer(200, stored);
  await Promise.all([first, other]);
  const storm = fails(api.get(podKind, name), 'TooManyRequests');
  (await server.next()).answer(429, 'too many', { 'retry-after': '3600' });
  await storm;
});

test('our own rate is kept', async () => {
  await api.close();
  api = new HttpKubeApi({ server: server.apiServer, clock, userAgent: 'test', rate: { perSecond: 2, burst: 1 } });
  const both = Promise.all([api.get(podKind, name), api.get(podKind, name)]);
  (await server.next()).answer(200, stored);
  await until(() => clock.delaysMs.includes(500), 'the second waits');
  assert.equal(server.log.length, 1);
  clock.advance(500);
  (await server.next()).answer(200, stored);
  await both;
});

test('nothing is sent after its time, also when it was held back until then', async () => {
  await fails(api.delete(podKind, name, { notAfterMs: clock.nowMs() }), 'TooLate');
  const first = api.get(podKind, name);
  (await server.next()).answer(429, 'too many', { 'retry-after': '3' });
  await until(() => clock.delaysMs.includes(3000), 'it waits');
  await fails(api.delete(podKind, name, { notAfterMs: clock.nowMs() + 2000 }), 'TooManyRequests', /not sent/);
  clock.advance(3000);
  (await server.next()).answer(200, stored);
  await first;
  assert.deepEqual(
    server.log.filter((line) => line.startsWith('DELETE')),
    [],
  );
});

test('a process that was stopped while a write was held back does not send it when it goes on', async () => {
  const first = api.get(podKind, name);
  (await server.next()).answer(429, 'too many', { 'retry-after': '3' });
  await until(() => clock.delaysMs.includes(3000), 'it waits');
  const late = fails(api.delete(podKind, name, { notAfterMs: clock.nowMs() + 4000, deadlineMs: 60_000 }), 'Timeout');
  clock.sleepThrough(60_000);
  clock.advance(0);
  await late;
  await fails(first, 'Timeout');
  assert.deepEqual(
    server.log.filter((line) => line.startsWith('DELETE')),
    [],
  );
});

test('a connection that is never made, and one that is made too late, are noticed in time, and nothing is sent', async () => {
  await api.close();
  const connecting = Promise.withResolvers<object>();
  let connections = 0;
  const tls = () => {
    connections += 1;
    return connecting.promise;
  };
  api = new HttpKubeApi({ server: { ...server.apiServer, tls }, clock, userAgent: 'test' });
  const got = fails(api.delete(podKind, name, { notAfterMs: clock.nowMs() + 3000 }), 'Timeout');
  await until(() => connections > 0, 'it connects');
  clock.advance(3000);
  await got;
  const next = api.get(podKind, name);
  connecting.resolve({});
  (await server.expect('GET /api/v1/namespaces/ns/pods/db')).answer(200, stored);
  await next;
});

test('an API server that accepts and says nothing is noticed, and its connection is not used again', async () => {
  const got = fails(api.get(podKind, name), 'Timeout', /^get Pod ns\/db: no answer within 10 s$/);
  const silent = await server.next();
  clock.advance(10_000);
  await got;
  await until(() => silent.closed, 'the connection ended');
});

test('an answer that stops half way is noticed', async () => {
  const got = fails(api.get(podKind, name), 'Timeout');
  const half = await server.next();
  half.write('{"metadata":');
  await until(() => clock.delaysMs.length === 1, 'the deadline runs');
  clock.advance(10_000);
  await got;
});

test('a connection that is cut, half an answer, no JSON and a strange object are errors with names', async () => {
  const cut = fails(api.get(podKind, name), 'Unreachable', /^get Pod ns\/db: no answer from the API server: /);
  (await server.next()).cut();
  await cut;
  const half = fails(api.get(podKind, name), 'Unreachable');
  const answer = await server.next();
  answer.write('{"metadata":');
  answer.cut();
  await half;
  const noJson = fails(api.get(podKind, name), 'ServerError', /no JSON: <html>/);
  (await server.next()).answer(200, '<html>');
  await noJson;
  const strange = fails(api.get(podKind, name), 'ServerError', /no Pod/);
  (await server.next()).answer(200, {});
  await strange;
});

test('every refusal has its code, and says whether a write may have happened', async () => {
  const cases: [number, string, KubeErrorCode, boolean][] = [
    [400, 'BadRequest', 'BadRequest', false],
    [401, 'Unauthorized', 'Unauthorized', false],
    [403, 'Forbidden', 'Forbidden', false],
    [409, 'AlreadyExists', 'AlreadyExists', false],
    [409, 'Conflict', 'Conflict', false],
    [422, 'Invalid', 'Invalid', false],
    [500, 'InternalError', 'ServerError', true],
    [503, 'ServiceUnavailable', 'ServerError', true],
  ];
  for (const [code, reason, expected, mayHaveHappened] of cases) {
    const created = api.create(podKind, { metadata: name });
    const causes = [{ reason: 'FieldValueInvalid', message: 'must be odd', field: 'spec.replicas' }];
    const refused = assert.rejects(created, (error) => {
      assert.ok(isKubeError(error, expected), String(error));
      assert.equal(error.mayHaveHappened, mayHaveHappened);
      assert.deepEqual(error.causes, causes);
      return true;
    });
    const count = code === 401 ? 2 : 1;
    for (let tries = 0; tries < count; tries += 1) {
      (await server.expect('POST /api/v1/namespaces/ns/pods')).answer(code, status(code, reason, 'no', { causes }));
    }
    await refused;
  }
});

test('a refused token is read again once', async () => {
  const asked: boolean[] = [];
  await api.close();
  const credentials = (refresh: boolean) => {
    asked.push(refresh);
    return Promise.resolve({ authorization: refresh ? 'Bearer new' : 'Bearer old' });
  };
  api = new HttpKubeApi({ server: { ...server.apiServer, credentials }, clock, userAgent: 'test' });
  const got = api.get(podKind, name);
  (await server.next()).answer(401, status(401, 'Unauthorized', 'Unauthorized'));
  const second = await server.next();
  assert.equal(second.headers.authorization, 'Bearer new');
  second.answer(200, stored);
  await got;
  assert.deepEqual(asked, [false, true]);
});

test('a watch delivers events and bookmarks, fails with the code of an ERROR event, and frees its connection', async () => {
  const signal = new AbortController().signal;
  const events = api.watch(podKind, {}, { resourceVersion: '7', timeoutSeconds: 30, signal });
  const first = events.next();
  const request = await server.expect('GET /api/v1/pods');
  assert.deepEqual(Object.fromEntries(request.query), {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: '7',
    timeoutSeconds: '30',
  });
  request.event('ADDED', stored);
  assert.deepEqual((await first).value, { type: 'ADDED', object: stored });
  request.event('BOOKMARK', { metadata: { resourceVersion: '9' } });
  assert.deepEqual((await events.next()).value, { type: 'BOOKMARK', resourceVersion: '9' });
  request.event('ERROR', status(410, 'Expired', 'too old resource version'));
  await fails(events.next(), 'Gone');
  await until(() => request.closed, 'the connection ended');
});

test('a reader that stops frees the connection of its watch', async () => {
  const signal = new AbortController().signal;
  const reading = (async () => {
    for await (const event of api.watch(podKind, {}, { resourceVersion: '7', timeoutSeconds: 30, signal }))
      return event;
    return null;
  })();
  const request = await server.next();
  request.event('ADDED', stored);
  assert.equal((await reading)?.type, 'ADDED');
  await until(() => request.closed, 'the connection ended');
});
