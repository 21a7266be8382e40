import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QuorateError } from '../../client/errors.ts';
import type { ApiBootstrap } from '../../client/types.ts';
import { annotations } from '../api/names.ts';
import type { Act } from '../decide/types.ts';
import { isKubeError } from '../kube/errors.ts';
import { podOf } from '../status/testing/healthy.ts';
import { fenceOf } from './fence.ts';
import { type HandsAct, perform } from './perform.ts';
import { MemoryApi } from './testing/memory-api.ts';
import { clusterId, observedCluster, recordingMembers } from './testing/observed.ts';

const volume = { name: 'data-db-2', uid: 'claim-uid', resourceVersion: '3' };
const pod = { name: 'db-2', uid: 'pod-uid', resourceVersion: '5' };

function setUp(
  answers: Parameters<typeof recordingMembers>[1] = {},
  validUntilMs = 1000,
  observed = observedCluster(),
) {
  const api = new MemoryApi();
  const calls: unknown[][] = [];
  const members = recordingMembers(calls, answers);
  const fence = fenceOf({ isLeader: true, validUntilMs }, { nowMs: () => 500 });
  const run = (act: HandsAct) => perform(act, observed, { api, members, fence });
  return { api, calls, run };
}

function claim(change: { uid?: string; resourceVersion?: string; incarnation?: string } = {}) {
  return {
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: volume.name,
      uid: change.uid ?? volume.uid,
      resourceVersion: change.resourceVersion ?? volume.resourceVersion,
      annotations: { [annotations.incarnation]: change.incarnation ?? 'gone', [annotations.ownerUid]: 'cluster-uid' },
    },
  };
}

const deletion: Extract<Act, { kind: 'DeleteVolume' }> = {
  kind: 'DeleteVolume',
  volume,
  incarnation: 'gone',
  clusterId,
};
const configuration = observedCluster().configuration!;

test('a pod is deleted by uid and resourceVersion, without grace only when told so', async () => {
  const { api, run } = setUp();
  api.put('Pod', { metadata: { ...pod } });
  assert.deepEqual(await run({ kind: 'DeletePod', pod, force: true }), { kind: 'Done' });
  assert.deepEqual(api.writes[0]?.options, {
    uid: 'pod-uid',
    resourceVersion: '5',
    gracePeriodSeconds: 0,
    notAfterMs: 1000,
  });
});

test('a pod that has changed since, or is another one of that name, stays', async () => {
  for (const present of [
    { ...pod, resourceVersion: '6' },
    { ...pod, uid: 'another' },
  ]) {
    const { api, run } = setUp();
    api.put('Pod', { metadata: present });
    assert.equal((await run({ kind: 'DeletePod', pod, force: false })).kind, 'Superseded');
    assert.equal((await run({ kind: 'EvictPod', pod })).kind, 'Superseded');
  }
});

test('an eviction that a budget refuses says so', async () => {
  const { api, run } = setUp();
  api.put('Pod', { metadata: pod });
  api.eviction = { outcome: 'Refused', message: 'the budget db needs 2', retryAfterMs: null };
  assert.deepEqual(await run({ kind: 'EvictPod', pod }), { kind: 'Refused', why: 'the budget db needs 2' });
});

for (const [what, act] of [
  ['are stopped', { kind: 'ScaleSet', set: 'Voters', replicas: 0, start: 0, resourceVersion: '4' }],
  ['go with their RaftCluster', { kind: 'RemoveFinalizer' }],
  ['go with their namespace', { kind: 'LetStop', slots: ['db-0', 'db-1', 'db-2'] }],
] as const) {
  test(`members that ${what} are told first that all are, and one that does not listen holds nothing up`, async () => {
    const { api, calls, run } = setUp(
      {
        stopTogether: (name) => {
          assert.deepEqual(api.writes, []);
          if (name === 'db-1') throw new QuorateError('unreachable', 'db-1 is away');
        },
      },
      1000,
      observedCluster({ slots: observedCluster().slots.map((slot) => ({ ...slot, pod: podOf(slot.ordinal) })) }),
    );
    api.put('StatefulSet', { metadata: { name: 'db', uid: 'set-uid', resourceVersion: '4' } });
    api.put('RaftCluster', { metadata: { name: 'db', uid: 'cluster-uid', resourceVersion: '7' } });
    assert.deepEqual(await run(act), { kind: 'Done' });
    assert.deepEqual(calls, [
      ['stopTogether', 'db-0'],
      ['stopTogether', 'db-1'],
      ['stopTogether', 'db-2'],
    ]);
    assert.equal(api.writes.length, act.kind === 'LetStop' ? 0 : 1);
  });
}

test('members that stay are not told to stop', async () => {
  const { api, calls, run } = setUp();
  api.put('StatefulSet', { metadata: { name: 'db', uid: 'set-uid', resourceVersion: '4' } });
  for (const set of ['Voters', 'Readers'] as const) {
    const resourceVersion = set === 'Voters' ? '4' : '5';
    await run({ kind: 'ScaleSet', set, replicas: set === 'Voters' ? 1 : 0, start: 0, resourceVersion });
  }
  assert.deepEqual(calls, []);
});

test('membership changes carry the index that they were decided on, and ask the leader first', async () => {
  const { calls, run } = setUp();
  await run({ kind: 'RemoveMember', memberId: 3, name: 'db-2', incarnation: 'inc-2', expectedConfigIndex: 9 });
  assert.deepEqual(calls, [['remove', ['db-1', 'db-0', 'db-2'], 3, { expected_config_index: 9 }]]);
});

test('a configuration that has moved on supersedes the act, one that is busy refuses it, a lost answer fails', async () => {
  const promote: HandsAct = { kind: 'Promote', memberId: 3, name: 'db-2', expectedConfigIndex: 9 };
  const failing = (code: 'config_index_mismatch' | 'configuration_pending' | 'timeout') =>
    setUp({
      promote: () => {
        throw new QuorateError(code, code);
      },
    });
  assert.equal((await failing('config_index_mismatch').run(promote)).kind, 'Superseded');
  assert.equal((await failing('configuration_pending').run(promote)).kind, 'Refused');
  await assert.rejects(failing('timeout').run(promote), QuorateError);
});

test('once leadership is uncertain, nothing is sent to a member', async () => {
  const { calls, run } = setUp({}, 400);
  await assert.rejects(run({ kind: 'TransferLeader', to: 1, toName: 'db-0' }), (error: unknown) =>
    isKubeError(error, 'TooLate'),
  );
  assert.deepEqual(calls, []);
});

test('a volume is deleted when the members, asked once more, do not know its incarnation', async () => {
  const { api, calls, run } = setUp({ cluster: () => configuration });
  api.put('PersistentVolumeClaim', claim());
  assert.deepEqual(await run(deletion), { kind: 'Done' });
  assert.deepEqual(calls, [['cluster', ['db-1', 'db-0', 'db-2']]]);
  assert.deepEqual(
    api.writes.map(({ verb, options }) => [verb, options]),
    [['delete', { uid: 'claim-uid', resourceVersion: '3', notAfterMs: 1000 }]],
  );
});

const unsafe: [string, ReturnType<typeof claim>, object][] = [
  ['is another one of that name', claim({ uid: 'another' }), configuration],
  ['holds other data', claim({ incarnation: 'other' }), configuration],
  ['is of a cluster whose members answer for another', claim(), { ...configuration, cluster_id: 'c2' }],
  ["is a member's", claim(), { ...configuration, members: [{ ...configuration.members[0]!, incarnation: 'gone' }] }],
];
for (const [what, present, answer] of unsafe) {
  test(`a volume that ${what} is not deleted`, async () => {
    const { api, run } = setUp({ cluster: () => answer });
    api.put('PersistentVolumeClaim', present);
    assert.equal((await run(deletion)).kind, 'Superseded');
    assert.deepEqual(api.writes, []);
  });
}

test('a volume stays when the members cannot be asked', async () => {
  const { api, run } = setUp({
    cluster: () => {
      throw new QuorateError('unreachable', 'no member answered');
    },
  });
  api.put('PersistentVolumeClaim', claim());
  await assert.rejects(run(deletion), QuorateError);
  assert.deepEqual(api.writes, []);
});

test('with its RaftCluster goes only a volume that was made for it', async () => {
  const { api, run } = setUp();
  api.put('PersistentVolumeClaim', claim());
  assert.equal((await run({ kind: 'DisposeVolume', volume, ownerUid: 'another' })).kind, 'Superseded');
  assert.deepEqual(api.writes, []);
  assert.equal((await run({ kind: 'DisposeVolume', volume, ownerUid: 'cluster-uid' })).kind, 'Done');
});

test('all founders are told the same record, and one that cannot be told fails the act', async () => {
  const record = { cluster_id: clusterId, founders: [] };
  const { calls, run } = setUp({
    bootstrap: (name) => {
      if (name === 'db-1') throw new QuorateError('unreachable', 'db-1 is away');
    },
  });
  await assert.rejects(run({ kind: 'Bootstrap', record, slots: ['db-0', 'db-1', 'db-2'] }), /db-1 is away/);
  assert.deepEqual(
    calls.map(([, name, sent]) => [name, sent]),
    [
      ['db-0', record],
      ['db-1', record],
      ['db-2', record],
    ],
  );
});

test("only the operator's own finalizer is taken away, from the RaftCluster that was read", async () => {
  const { api, run } = setUp();
  api.put('RaftCluster', { metadata: { name: 'db', uid: 'cluster-uid', resourceVersion: '7' } });
  await run({ kind: 'RemoveFinalizer' });
  assert.deepEqual(api.writes[0]?.body, { metadata: { finalizers: ['other/finalizer'] } });
  assert.deepEqual(api.writes[0]?.options, { uid: 'cluster-uid', resourceVersion: '7', notAfterMs: 1000 });
});

test('of a snapshot the first founder says what it has read, and the others are sent that', async () => {
  const told: unknown[] = [];
  const { run } = setUp({
    bootstrap: (name, record) => {
      const sent = record as ApiBootstrap;
      told.push([name, sent.snapshot_sha256]);
      return { ...sent, snapshot_sha256: 'ab' };
    },
  });
  const record = { cluster_id: clusterId, founders: [], snapshot_path: '/restore/snapshot' };
  assert.deepEqual(await run({ kind: 'Bootstrap', record, slots: ['db-0', 'db-1', 'db-2'] }), { kind: 'Done' });
  assert.deepEqual(told, [
    ['db-0', undefined],
    ['db-1', 'ab'],
    ['db-2', 'ab'],
  ]);
});
