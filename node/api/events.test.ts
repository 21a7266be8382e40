import assert from 'node:assert/strict';
import test from 'node:test';
import type { ApiClusterView, ApiStatus } from '../../client/types.ts';
import { statusOverHttp } from './status-over-http.ts';
import { type Frame, readEvents } from './testing/read-events.ts';
import { startTestApi } from './testing/start-test-api.ts';

const record = (id: number, client_url?: string) => ({
  id,
  name: `m${id}`,
  peer_address: `10.0.0.${id}:2380`,
  incarnation: String(id).repeat(32),
  role: 'Voter' as const,
  ...(client_url === undefined ? {} : { client_url }),
});

const membersOf = (frame: Frame) => (frame.data as ApiClusterView).members;

test('every member is seen through the one that answers, also one that is not reached', async (t) => {
  const other = await startTestApi(t);
  other.member.statusChange = { name: 'm2', member_id: 2, role: 'Follower' };
  const { url, member } = await startTestApi(t, {
    limits: { viewIntervalMs: 10 },
    statusOf: statusOverHttp(() => null),
  });
  const gone = 'http://127.0.0.1:1';
  member.statusChange = { members: [record(1), record(2, other.url), record(3, gone), record(4)] };
  const events = await readEvents(t, `${url}/v1/events`);
  const first = membersOf(await events.next());
  assert.deepEqual(
    first.map(({ id, is_self, status }) => [id, is_self, status?.name]),
    [
      [1, true, 'm1'],
      [2, false, undefined],
      [3, false, undefined],
      [4, false, undefined],
    ],
  );
  let members = first;
  while (members[1]?.status === undefined || members[2]?.error === undefined) members = membersOf(await events.next());
  assert.deepEqual(
    [members[1]?.status.name, members[1]?.status.role, members[1]?.error],
    ['m2', 'Follower', undefined],
  );
  assert.deepEqual([members[2]?.status, members[2]?.client_url], [undefined, gone]);
  assert.match(members[2].error, /ECONNREFUSED/);
  assert.equal(members[3]?.error, 'not connected yet');
});

test('what happens to the member is told at once', async (t) => {
  const { url, member } = await startTestApi(t, { limits: { viewIntervalMs: 1_000_000 } });
  const events = await readEvents(t, `${url}/v1/events`);
  assert.equal((await events.next()).event, 'cluster');
  member.emit({ kind: 'ElectionStarted', term: 4, reason: 'the leader is silent' });
  member.emit({ kind: 'RoleChanged', role: 'Leader', term: 4, leader: 1 });
  member.emit({ kind: 'StateChanged', state: 'Parked', reason: 'Removed' });
  const told = [await events.next(), await events.next(), await events.next()].map(({ event, data }) => {
    const { time_ms, ...rest } = data as { time_ms: number };
    assert.ok(Math.abs(time_ms - Date.now()) < 60_000);
    return [event, rest];
  });
  assert.deepEqual(told, [
    ['member', { kind: 'ElectionStarted', term: 4, reason: 'the leader is silent' }],
    ['member', { kind: 'RoleChanged', role: 'Leader', term: 4, leader: 1 }],
    ['member', { kind: 'StateChanged', state: 'Parked', reason: 'Removed' }],
  ]);
  events.close();
  while (member.listenerCount > 0) await new Promise(setImmediate);
});

test('others are asked only while someone looks', async (t) => {
  let asked = 0;
  const statusOf = async () => {
    asked += 1;
    return {} as ApiStatus;
  };
  const { url, member } = await startTestApi(t, { limits: { viewIntervalMs: 5 }, statusOf });
  member.statusChange = { members: [record(1), record(2, 'http://127.0.0.1:1')] };
  assert.equal(asked, 0);
  const viewers = [await readEvents(t, `${url}/v1/events`), await readEvents(t, `${url}/v1/events`)];
  for (const viewer of viewers) while (membersOf(await viewer.next())[1]?.status === undefined);
  for (const viewer of viewers) viewer.close();
  while (member.listenerCount > 0) await new Promise(setImmediate);
  const before = asked;
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(asked, before);
});
