import assert from 'node:assert/strict';
import test from 'node:test';
import { RequestError } from '../server/types.ts';
import { Drain } from './drain.ts';
import { errorOf, startTestApi } from './testing/start-test-api.ts';

const incarnation = 'ab'.repeat(16);
const cluster_id = '00000000000000c2';

test('status answers in every state, from this member’s own view', async (t) => {
  const { request, member } = await startTestApi(t);
  member.statusChange = { state: 'Parked', reason: 'NoData', message: 'waits to be told' };
  member.failure = new RequestError('parked', 'parked');
  const status = (await (await request('/v1/status')).json()) as { state: string; reason: string };
  assert.deepEqual([status.state, status.reason], ['Parked', 'NoData']);
});

test('a member is told in every state that all are being stopped, and what else is said is refused', async (t) => {
  const drain = new Drain();
  const { request, member } = await startTestApi(t, { drain });
  member.failure = new RequestError('parked', 'parked');
  const tell = (body: string | null) => request('/v1/stop-together', { method: 'POST', body });
  assert.equal((await errorOf(await tell('{"for":1}'))).code, 'invalid_request');
  assert.equal(drain.isTogether, false);
  assert.deepEqual(await (await tell(null)).json(), { ok: true });
  assert.equal(drain.isTogether, true);
});

test('the configuration is told with roles and what is known of addresses', async (t) => {
  const { request } = await startTestApi(t);
  assert.deepEqual(await (await request('/v1/cluster')).json(), {
    cluster_id: '00000000000000c1',
    config_index: 1,
    members: [
      {
        id: 1,
        name: 'm1',
        peer_address: '10.0.0.1:2380',
        incarnation: '1'.repeat(32),
        role: 'Voter',
        client_url: 'http://127.0.0.1:2379',
      },
      { id: 2, name: 'm2', peer_address: '10.0.0.2:2380', incarnation: '2'.repeat(32), role: 'Learner' },
    ],
  });
});

test('records reach the member as they were sent', async (t) => {
  const { post, member } = await startTestApi(t);
  const founding = {
    cluster_id,
    founders: [{ id: 1, name: 'm1', peer_address: 'h:1', incarnation }],
    snapshot_path: '/backup',
  };
  assert.deepEqual(await (await post('/v1/bootstrap', founding)).json(), founding);
  const joining = { cluster_id, member_id: 4, incarnation, peers: [{ id: 1, peer_address: 'h:1', incarnation }] };
  assert.deepEqual(await (await post('/v1/join', joining)).json(), { ok: true });
  assert.deepEqual(await (await post('/v1/recover', { cluster_id, nonce: 'n' })).json(), { ok: true });
  assert.deepEqual(member.calls, [
    [
      'bootstrap',
      {
        clusterId: cluster_id,
        founders: [{ id: 1, name: 'm1', peerAddress: 'h:1', incarnation }],
        snapshotPath: '/backup',
      },
    ],
    ['join', { clusterId: cluster_id, memberId: 4, incarnation, peers: [{ id: 1, peerAddress: 'h:1', incarnation }] }],
    ['recover', { clusterId: cluster_id, nonce: 'n' }],
  ]);
});

test('changes of membership carry the expected configuration', async (t) => {
  const { post, request, member } = await startTestApi(t);
  const learner = { name: 'm3', peer_address: 'h:3', incarnation, expected_config_index: 5 };
  assert.deepEqual(await (await post('/v1/cluster/members?timeout=2', learner)).json(), { id: 3, config_index: 9 });
  assert.deepEqual(await (await post('/v1/cluster/members/3/promote', {})).json(), { config_index: 9 });
  const send = (method: string, path: string, body?: object) =>
    request(path, { method, body: body === undefined ? null : JSON.stringify(body) });
  await send('POST', '/v1/cluster/members/3/promote');
  await send('DELETE', '/v1/cluster/members/3', { expected_config_index: 6 });
  await send('PUT', '/v1/cluster/members', { voters: [1, 3] });
  const options = { timeoutMs: 5000 };
  assert.deepEqual(
    member.calls.map(([, call]) => call),
    [
      {
        change: { kind: 'AddLearner', name: 'm3', peerAddress: 'h:3', incarnation },
        expectedConfigIndex: 5,
        options: { timeoutMs: 2000, mayForward: true },
      },
      { change: { kind: 'Promote', id: 3 }, expectedConfigIndex: null, options },
      { change: { kind: 'Promote', id: 3 }, expectedConfigIndex: null, options },
      { change: { kind: 'Remove', id: 3 }, expectedConfigIndex: 6, options },
      { change: { kind: 'ReplaceVoters', voters: [1, 3] }, expectedConfigIndex: null, options },
    ],
  );
});

test('leadership goes to whom it is told, or to whom the member chooses', async (t) => {
  const { post, request } = await startTestApi(t);
  assert.deepEqual(await (await post('/v1/cluster/transfer-leader', { to: 3 })).json(), { leader: 3 });
  assert.deepEqual(await (await request('/v1/cluster/transfer-leader', { method: 'POST' })).json(), { leader: 2 });
});

for (const [what, method, path, body, message] of [
  ['a cluster id of another length', 'POST', '/v1/recover', { cluster_id: 'c2', nonce: 'n' }, /cluster_id: must be 16/],
  ['the cluster id zero', 'POST', '/v1/recover', { cluster_id: '0'.repeat(16), nonce: 'n' }, /must not be zero/],
  ['a misspelt field', 'POST', '/v1/cluster/transfer-leader', { too: 1 }, /too/],
  ['a founding without founders', 'POST', '/v1/bootstrap', { cluster_id, founders: [] }, /the body\.founders/],
  [
    'an incarnation that is none',
    'POST',
    '/v1/cluster/members',
    { name: 'a', peer_address: 'h', incarnation: 'x' },
    /the body\.incarnation: must be 32/,
  ],
  ['a voter twice', 'PUT', '/v1/cluster/members', { voters: [1, 1] }, /twice/],
  ['an empty voter set', 'PUT', '/v1/cluster/members', { voters: [] }, /voters/],
  ['a member id that is none', 'DELETE', '/v1/cluster/members/x', {}, /'x'; it must be a whole number/],
  ['a list', 'POST', '/v1/join', [], /the body/],
] as const) {
  test(`${what} is refused before the member hears of it`, async (t) => {
    const { request, member } = await startTestApi(t);
    const error = await errorOf(await request(path, { method, body: JSON.stringify(body) }));
    assert.deepEqual([error.status, error.code], [400, 'invalid_request']);
    assert.match(error.message, message);
    assert.deepEqual(member.calls, []);
  });
}
