import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { joinCluster, nextJoinStep } from './joining.ts';
import { FakeMember, failure, json } from './testing/fake-member.ts';
import type { ApiCluster, ApiMember, ApiStatus } from './types.ts';

const newcomer: ApiStatus = {
  name: 'm3',
  incarnation: 'new',
  peer_address: 'm3:2380',
  client_url: 'http://m3',
  version: '1.0.0',
  format: 1,
  state: 'Parked',
  reason: 'NoData',
  uptime_seconds: 1,
};

function member(id: number, role: ApiMember['role'] = 'Voter', incarnation = `of ${id}`): ApiMember {
  return { id, name: `m${id}`, peer_address: `m${id}:2380`, incarnation, role };
}

function clusterOf(...members: ApiMember[]): ApiCluster {
  return { cluster_id: 'aaaaaaaaaaaaaaaa', config_index: 12, members };
}

const joined: ApiStatus = { ...newcomer, state: 'Member', cluster_id: 'aaaaaaaaaaaaaaaa' };

test('an empty member is added, told, caught up and promoted, each when it is due', () => {
  assert.deepEqual(nextJoinStep(newcomer, clusterOf(member(1)), 9, {}), { kind: 'Add' });
  const cluster = clusterOf(member(1), member(3, 'Learner', 'new'));
  assert.deepEqual(nextJoinStep(newcomer, cluster, 9, {}), { kind: 'Tell', id: 3 });
  assert.deepEqual(nextJoinStep({ ...joined, state: 'Joining' }, cluster, 9, {}), { kind: 'CatchUp', id: 3 });
  assert.deepEqual(nextJoinStep({ ...joined, applied: 10 }, cluster, 90_000, {}), { kind: 'CatchUp', id: 3 });
  assert.deepEqual(nextJoinStep({ ...joined, applied: 89_990 }, cluster, 90_000, {}), { kind: 'Promote', id: 3 });
  assert.deepEqual(nextJoinStep({ ...joined, applied: 89_990 }, cluster, 90_000, { asLearner: true }), {
    kind: 'Joined',
    id: 3,
  });
  const promoted = clusterOf(member(1), member(3, 'Voter', 'new'));
  assert.deepEqual(nextJoinStep({ ...joined, applied: 9 }, promoted, 9, {}), { kind: 'Joined', id: 3 });
});

test('a member that was added by its address alone is claimed', () => {
  const place = { ...member(3, 'Learner', ''), name: '' };
  assert.deepEqual(nextJoinStep(newcomer, clusterOf(member(1), place), 9, {}), { kind: 'Add' });
});

test('a name or address of another data folder is refused unless it is to be replaced', () => {
  const byName = nextJoinStep(newcomer, clusterOf(member(1), member(3)), 9, {});
  assert.ok(byName.kind === 'Refuse');
  assert.match(byName.message, /name 'm3' is held by member 3.*remove 3 first, or --replace 3/);
  const byAddress = nextJoinStep({ ...newcomer, name: 'x' }, clusterOf(member(1), member(3)), 9, { replace: 1 });
  assert.ok(byAddress.kind === 'Refuse');
  assert.match(byAddress.message, /address m3:2380 is held by member 3/);
  assert.deepEqual(nextJoinStep(newcomer, clusterOf(member(1), member(3)), 9, { replace: 3 }), {
    kind: 'Remove',
    id: 3,
  });
});

test('members of other clusters, removed ones and damaged ones are refused', () => {
  for (const [status, message] of [
    [{ ...joined, cluster_id: 'bbbbbbbbbbbbbbbb' }, /belongs to cluster b+/],
    [joined, /was removed from cluster a+/],
    [{ ...newcomer, reason: 'Damaged', message: 'look' }, /parked \(Damaged\): look/],
  ] as [ApiStatus, RegExp][]) {
    const step = nextJoinStep(status, clusterOf(member(1)), 9, {});
    assert.ok(step.kind === 'Refuse');
    assert.match(step.message, message);
  }
});

test('joinCluster brings a member in though the add lost its answer and the first promotion came too early', async () => {
  let cluster = clusterOf(member(1));
  let status: ApiStatus = newcomer;
  let promotions = 0;
  await using running = await FakeMember.start((response, asked) => {
    if (asked.path === '/v1/status') return json(200, { ...joined, name: 'm1', commit: 9 })(response, asked);
    if (asked.path === '/v1/cluster') return json(200, cluster)(response, asked);
    if (asked.path === '/v1/cluster/members') {
      assert.equal(JSON.parse(asked.body).expected_config_index, cluster.config_index);
      cluster = { ...clusterOf(member(1), member(3, 'Learner', 'new')), config_index: 13 };
      return response.destroy();
    }
    if (promotions++ === 0) return failure(409, 'learner_not_in_sync')(response, asked);
    cluster = { ...clusterOf(member(1), member(3, 'Voter', 'new')), config_index: 14 };
    json(200, { config_index: 14 })(response, asked);
  });
  await using fresh = await FakeMember.start((response, asked) => {
    if (asked.path === '/v1/status') return json(200, status)(response, asked);
    assert.deepEqual(JSON.parse(asked.body), {
      cluster_id: 'aaaaaaaaaaaaaaaa',
      member_id: 3,
      incarnation: 'new',
      peers: [{ id: 1, peer_address: 'm1:2380', incarnation: 'of 1' }],
    });
    status = { ...joined, applied: 9 };
    json(200, {})(response, asked);
  });
  const steps: string[] = [];
  const id = await joinCluster(createClient({ endpoints: [running.url] }), createClient({ endpoints: [fresh.url] }), {
    onProgress: ({ step }) => steps.push(step),
  });
  assert.equal(id, 3);
  assert.deepEqual(steps, ['Adding', 'Promoting', 'Promoting']);
});
