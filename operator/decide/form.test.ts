/** Founders that begin with a snapshot; forming without one is in decide.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiBootstrap, ApiStatus } from '../../client/types.ts';
import type { RaftClusterStatus } from '../api/types.ts';
import type { Observed, Slot } from '../observe/types.ts';
import {
  answerOf,
  clusterId,
  clusterOf,
  memberOf,
  observedOf,
  podOf,
  slotOf,
  volumeOf,
  votersSet,
} from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

const restore = { bootstrap: { restore: { url: 'https://backups/1' } } };
const founding = {
  cluster_id: clusterId,
  founders: [0, 1, 2].map((ordinal) => {
    const { role: _, ...founder } = memberOf(ordinal);
    return founder;
  }),
  snapshot_path: '/restore/snapshot',
};
const read: ApiBootstrap = { ...founding, snapshot_sha256: 'ab' };

function forming(slots: readonly Slot[], status: RaftClusterStatus): Observed {
  const cluster = clusterOf(restore, { founding, target: { replicas: 3, readReplicas: 0, generation: 1 }, ...status });
  return observedOf({
    cluster: { ...cluster, metadata: { ...cluster.metadata, finalizers: ['quorate.dev/volumes'] } },
    slots,
    sets: { Voters: votersSet, Readers: null },
    configuration: null,
    configurationError: 'no member knows a leader',
  });
}

const before: RaftClusterStatus = { hasFormed: false, clusterID: undefined };

function emptySlot(ordinal: number, templateHash = 'now'): Slot {
  const { name, peer_address, incarnation, client_url, version, format, uptime_seconds } = answerOf(ordinal);
  const identity = { name, peer_address, incarnation, client_url, version, format, uptime_seconds };
  const status: ApiStatus = { ...identity, state: 'Parked', reason: 'NoData' };
  const volume = volumeOf(ordinal, { clusterId: null, memberId: null });
  const pod = podOf(ordinal, { isReady: false, templateHash });
  return slotOf(ordinal, { volume, pod, report: { kind: 'Answered', status } });
}

const acceptedSlot = (ordinal: number): Slot =>
  slotOf(ordinal, {
    report: { kind: 'Answered', status: answerOf(ordinal, { founding: read, leader: 0, role: 'Follower' }) },
  });

const unreachable: Partial<Slot> = { report: { kind: 'Unreachable', error: 'no answer' } };

test('the first founder is asked first what the snapshot is', () => {
  const { act } = decide(forming([emptySlot(2), emptySlot(0), emptySlot(1)], before));
  assert.deepEqual(act, { kind: 'Bootstrap', record: founding, slots: ['db-0', 'db-1', 'db-2'] });
});

test('while it is away nobody else is: it may have read something else already', () => {
  const { act, plan } = decide(forming([{ ...emptySlot(0), ...unreachable }, emptySlot(1), emptySlot(2)], before));
  assert.equal(act, null);
  assert.deepEqual(plan.blockers, ['db-0 does not answer']);
});

test('founders that come late are held to what the others have read, and keep their pods until then', () => {
  const status = { hasFormed: true, clusterID: clusterId };
  const { act } = decide(forming([acceptedSlot(0), acceptedSlot(1), emptySlot(2, 'before')], status));
  assert.deepEqual(act, { kind: 'Bootstrap', record: read, slots: ['db-2'] });
});
