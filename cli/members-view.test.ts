import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '../client/client.ts';
import { deadEndpoint, FakeMember, json } from '../client/testing/fake-member.ts';
import type { ApiStatus } from '../client/types.ts';
import { statusRows, viewMembers } from './members-view.ts';

const status: ApiStatus = {
  name: 'm1',
  incarnation: 'i',
  peer_address: 'p',
  client_url: 'http://m1',
  version: '1.0.0',
  format: 1,
  state: 'Member',
  role: 'Leader',
  term: 3,
  commit: 120,
  applied: 118,
  db_size_bytes: 2048,
  uptime_seconds: 1,
};

test('rows show the lag behind the newest commit, and why a member is not well', () => {
  const behind = { ...status, name: 'm2', role: 'Follower' as const, commit: 100, applied: 100 };
  const { term: _, commit: __, applied: ___, db_size_bytes: ____, role: _____, ...bare } = status;
  const parked: ApiStatus = { ...bare, name: 'm3', state: 'Parked', reason: 'NoData' };
  assert.deepEqual(
    statusRows([
      { endpoint: 'http://a', status, trouble: null },
      { endpoint: 'http://b', status: behind, trouble: 'no leader' },
      { endpoint: 'http://c', status: parked, trouble: 'parked: NoData' },
      { endpoint: 'http://d', status: null, trouble: 'connection refused' },
    ]),
    [
      ['m1', 'http://a', 'Leader', 3, 120, 118, 2, '2.0 KiB', 'yes'],
      ['m2', 'http://b', 'Follower', 3, 100, 100, 20, '2.0 KiB', 'no: no leader'],
      ['m3', 'http://c', 'Parked', null, null, null, null, null, 'no: parked: NoData'],
      [null, 'http://d', null, null, null, null, null, null, 'no: connection refused'],
    ],
  );
});

test('members that an endpoint knows of are asked too, and each once', async () => {
  const ready = { ready: true, checks: [{ name: 'leader', ok: true }] };
  const notReady = { ready: false, checks: [{ name: 'leader', ok: false, message: 'no leader known' }] };
  await using second = await FakeMember.start((response, asked) =>
    asked.path === '/readyz'
      ? json(503, notReady)(response, asked)
      : json(200, { ...status, name: 'm2', client_url: second.url })(response, asked),
  );
  const away = await deadEndpoint();
  const members = [second.url, away].map((client_url, at) => ({
    id: at + 2,
    name: '',
    peer_address: '',
    incarnation: '',
    role: 'Voter',
    client_url,
  }));
  await using first = await FakeMember.start((response, asked) =>
    asked.path === '/readyz'
      ? json(200, ready)(response, asked)
      : json(200, { ...status, client_url: first.url, members })(response, asked),
  );
  const views = await viewMembers(createClient({ endpoints: [first.url] }));
  assert.deepEqual(
    views.map(({ endpoint, trouble }) => [endpoint, trouble]),
    [
      [first.url, null],
      [second.url, 'no leader known'],
      [away, 'connection refused'],
    ],
  );
});
