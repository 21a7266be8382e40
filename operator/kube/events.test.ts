import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { HttpKubeApi } from './api.ts';
import { Events } from './events.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { ScriptedServer, status } from './testing/scripted-server.ts';
import { until } from './testing/until.ts';
import type { EventNote, EventSubject } from './types.ts';

const subject: EventSubject = {
  apiVersion: 'quorate.dev/v1',
  kind: 'RaftCluster',
  metadata: { namespace: 'ns', name: 'db', uid: 'u1' },
};
const path = '/apis/events.k8s.io/v1/namespaces/ns/events';

let server: ScriptedServer;
let clock: ManualClock;
let api: HttpKubeApi;
let events: Events;
let dropped: string[];

beforeEach(async () => {
  server = await ScriptedServer.start();
  clock = new ManualClock();
  api = new HttpKubeApi({ server: server.apiServer, clock, userAgent: 'test' });
  dropped = [];
  let seed = 0;
  events = new Events({
    api,
    clock,
    random: () => {
      seed += 0.001;
      return seed;
    },
    controller: 'quorate.dev/operator',
    instance: 'operator-0',
    observer: { dropped: (reason, error) => dropped.push(`${reason} ${error?.code ?? 'too many'}`) },
  });
});

afterEach(async () => {
  await api.close();
  await server.kill();
});

function note(message = 'removed member db-3'): EventNote {
  return { type: 'Normal', reason: 'MemberRemoved', action: 'RemoveMember', message };
}

const stored = { metadata: { namespace: 'ns', name: 'x', uid: 'e', resourceVersion: '1' } };

function settled(): Promise<void> {
  return until(() => clock.delaysMs.length === 0, 'no request is under way');
}

test('an event says who did what to whom, and why', async () => {
  events.record(subject, note());
  const request = await server.expect(`POST ${path}`);
  const { metadata, eventTime, ...rest } = request.json as { metadata: { name: string }; eventTime: string };
  assert.match(metadata.name, /^db\.[0-9a-f]{12}$/);
  assert.match(eventTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.deepEqual(rest, {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    reportingController: 'quorate.dev/operator',
    reportingInstance: 'operator-0',
    type: 'Normal',
    reason: 'MemberRemoved',
    action: 'RemoveMember',
    note: 'removed member db-3',
    regarding: { apiVersion: 'quorate.dev/v1', kind: 'RaftCluster', namespace: 'ns', name: 'db', uid: 'u1' },
  });
  request.answer(201, stored);
  await events.stop(1000);
});

test('the same event again is counted in one object, and not written more than every 30 s', async () => {
  events.record(subject, note());
  const created = await server.expect(`POST ${path}`);
  const { name } = created.json['metadata'] as { name: string };
  created.answer(201, stored);
  await settled();
  for (let times = 0; times < 50; times += 1) {
    clock.advance(100);
    events.record(subject, note());
  }
  clock.advance(30_000);
  events.record(subject, note());
  const counted = await server.expect(`PATCH ${path}/${name}`);
  assert.equal((counted.json['series'] as { count: number }).count, 52);
  counted.answer(200, stored);
  await settled();
  events.record(subject, note());
  const stopped = events.stop(1000);
  const last = await server.expect(`PATCH ${path}/${name}`);
  assert.equal((last.json['series'] as { count: number }).count, 53);
  last.answer(200, stored);
  await stopped;
  assert.equal(server.log.length, 3);
});

test('another sentence is another event, and one after a long time, too', async () => {
  const answer = async () => {
    (await server.expect(`POST ${path}`)).answer(201, stored);
    await settled();
  };
  events.record(subject, note());
  await answer();
  events.record(subject, note('removed member db-4'));
  await answer();
  clock.advance(6 * 60_000);
  events.record(subject, note());
  await answer();
  await events.stop(1000);
});

test('a reason that goes wild is cut off, other reasons and other subjects are not', async () => {
  for (let times = 0; times < 100; times += 1) events.record(subject, note(`try ${times}`));
  events.record({ ...subject, metadata: { ...subject.metadata, uid: 'other' } }, note());
  events.record(subject, { ...note(), reason: 'PodEvicted' });
  for (let answers = 0; answers < 27; answers += 1) (await server.expect(`POST ${path}`)).answer(201, stored);
  await events.stop(1000);
  assert.equal(dropped.length, 75);
  assert.equal(server.log.length, 27);
});

test('an event that Kubernetes forgot is written anew', async () => {
  events.record(subject, note());
  (await server.expect(`POST ${path}`)).answer(201, stored);
  await settled();
  events.record(subject, note());
  const stopped = events.stop(1000);
  (await server.next()).answer(404, status(404, 'NotFound', 'no', { name: 'x' }));
  (await server.expect(`POST ${path}`)).answer(201, stored);
  await stopped;
  assert.deepEqual(dropped, []);
});

test('a lost answer is tried again, and what is there already is enough', async () => {
  events.record(subject, note());
  (await server.expect(`POST ${path}`)).cut();
  await until(() => clock.delaysMs.some((delayMs) => delayMs <= 500), 'it waits');
  clock.advance(500);
  (await server.expect(`POST ${path}`)).answer(409, status(409, 'AlreadyExists', 'exists'));
  await events.stop(1000);
  assert.deepEqual(dropped, []);
});

test('no refusal reaches the one who records', async () => {
  events.record(subject, note());
  (await server.next()).answer(403, status(403, 'Forbidden', 'namespace is being terminated'));
  await until(() => dropped.length === 1, 'it was dropped');
  assert.deepEqual(dropped, ['MemberRemoved Forbidden']);
  await events.stop(1000);
});

test('the end waits for an API server that says nothing only so long', async () => {
  events.record(subject, note());
  await server.next();
  const stopped = events.stop(1000);
  clock.advance(1000);
  await stopped;
  assert.deepEqual(dropped, ['MemberRemoved Aborted']);
});

test('a sentence that is too long for the API is cut between characters', async () => {
  events.record(subject, note('ö'.repeat(2000)));
  const request = await server.next();
  const { note: sent } = request.json as { note: string };
  assert.ok(Buffer.byteLength(sent) <= 1024);
  assert.match(sent, /^ö+ …$/);
  request.answer(201, stored);
  await events.stop(1000);
});
