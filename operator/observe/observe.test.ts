import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiStatus } from '../../client/types.ts';
import { annotations, labels } from '../api/names.ts';
import type { Members } from '../members/types.ts';
import { type ObserverParts, observe } from './observe.ts';
import type { Source } from './source.ts';

const name = { namespace: 'ns', name: 'db' };
const meta = (object: string, more: object = {}) => ({
  name: object,
  namespace: 'ns',
  uid: `uid of ${object}`,
  resourceVersion: '1',
  ...more,
});
const ours = { labels: { [labels.cluster]: 'db' } };

const pod = (ordinal: number, phase = 'Running') => ({
  metadata: meta(`db-${ordinal}`, { ...ours, creationTimestamp: '2026-01-01T00:00:00Z' }),
  spec: { nodeName: 'n1', containers: [{ name: 'member', image: 'quorate:1' }] },
  status: { phase, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:01:00Z' }] },
});
const claim = (pod: string) => ({
  metadata: meta(`data-${pod}`, {
    ...ours,
    annotations: { [annotations.incarnation]: 'inc', [annotations.memberId]: '4' },
  }),
  spec: { storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
  status: { phase: 'Bound', capacity: { storage: '2Gi' } },
});

function source(change: object = {}): Source {
  const answers = {
    cluster: { apiVersion: 'quorate.dev/v1', kind: 'RaftCluster', metadata: meta('db', { generation: 2 }), spec: {} },
    clusters: [],
    statefulSets: [{ metadata: meta('db', ours), spec: { replicas: 2, template: {} } }],
    pods: [pod(0), pod(1)],
    claims: [claim('db-0'), claim('db-3'), claim('db-read-0')],
    claim: null,
    budget: null,
    node: {
      metadata: meta('n1'),
      spec: { unschedulable: true },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    },
    storageClass: { metadata: meta('fast'), allowVolumeExpansion: true },
    namespace: { metadata: meta('ns') },
    ...change,
  };
  const asked = Object.entries(answers).map(([key, answer]) => [key, async () => answer]);
  return Object.fromEntries(asked) as Source;
}

const status = (member: string, more: Partial<ApiStatus> = {}): ApiStatus => ({
  name: member,
  incarnation: 'inc',
  peer_address: '',
  client_url: '',
  version: '1.0.0',
  format: 1,
  state: 'Member',
  cluster_id: 'c1',
  role: 'Follower',
  leader: 1,
  term: 1,
  uptime_seconds: 1,
  ...more,
});

function parts(members: Partial<Members>): ObserverParts {
  return {
    clock: { wallMs: () => 5 },
    operatorImage: 'quorate:1',
    templateHashes: () => ({ Voters: 'v', Readers: 'r' }),
    membersOf: async () => members as Members,
    refused: () => [],
    monitoring: () => ({
      hasPodMonitors: false,
      hasPrometheusRules: false,
      hasGrafanaDashboards: false,
      chartBringsAlerts: false,
    }),
  };
}

const configuration = { cluster_id: 'c1', config_index: 3, members: [] };
const wellMembers: Partial<Members> = {
  status: async (member) => status(member),
  cluster: async () => configuration,
};

test('there is a slot for each pod, each volume, and each ordinal that the StatefulSet asks for', async () => {
  const observed = await observe(name, source({ pods: [pod(0)] }), parts(wellMembers));
  assert.deepEqual(
    observed?.slots.map((slot) => [slot.set, slot.name, slot.pod !== null, slot.volume !== null, slot.report !== null]),
    [
      ['Voters', 'db-0', true, true, true],
      ['Voters', 'db-1', false, false, false],
      ['Voters', 'db-3', false, true, false],
      ['Readers', 'db-read-0', false, true, false],
    ],
  );
});

test('pods, nodes and volumes are read as they are, and all is frozen', async () => {
  const observed = await observe(name, source(), parts(wellMembers));
  const [slot] = observed!.slots;
  assert.equal(slot?.pod?.image, 'quorate:1');
  assert.equal(slot?.pod?.node?.isReady, true);
  assert.equal(slot?.pod?.node?.isCordoned, true);
  assert.equal(slot?.volume?.requestedBytes, 2 ** 30);
  assert.equal(slot?.volume?.capacityBytes, 2 ** 31);
  assert.equal(slot?.volume?.memberId, 4);
  assert.equal(slot?.volume?.canExpand, true);
  assert.ok(Object.isFrozen(slot) && Object.isFrozen(observed?.cluster.spec.storage));
  assert.equal(observed?.cluster.spec.replicas, 3);
});

test('a node that may not be read is taken to be there and well; one that is absent is gone', async () => {
  const unknown = await observe(name, source({ node: 'NotKnown' }), parts(wellMembers));
  assert.equal(unknown?.slots[0]?.pod?.node?.exists, true);
  const absent = await observe(name, source({ node: 'Absent' }), parts(wellMembers));
  assert.equal(absent?.slots[0]?.pod?.node?.exists, false);
});

test('another member at the address of a pod is not that member', async () => {
  const observed = await observe(name, source(), parts({ ...wellMembers, status: async () => status('other-0') }));
  assert.equal(observed?.slots[0]?.report?.kind, 'Unreachable');
  assert.equal(observed?.configuration, null);
});

test('the claim of a member that has lost its labels is found by its name', async () => {
  const bare = { ...claim('db-1'), metadata: { ...claim('db-1').metadata, labels: {} } };
  const members = [{ name: 'db-1', role: 'Follower', ready: false }];
  const cluster = { metadata: meta('db'), spec: {}, status: { clusterID: 'c1', members } };
  const asked: string[] = [];
  const from: Source = {
    ...source({ cluster, pods: [pod(0)] }),
    claim: async ({ name: claimed }) => {
      asked.push(claimed);
      return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...bare };
    },
  };
  const observed = await observe(name, from, parts(wellMembers));
  assert.deepEqual(asked, ['data-db-1']);
  const labelled = observed?.slots.map(({ volume }) => volume?.isLabelled);
  assert.deepEqual(labelled, [true, false, true, true]);
});

test('a member that does not answer is asked whether it still opens its data', async () => {
  const silent = async (member: string) =>
    member === 'db-0' ? Promise.reject(new Error('connection refused')) : status(member);
  const asked = (isOpening: boolean) =>
    observe(name, source(), parts({ ...wellMembers, status: silent, isOpening: async () => isOpening }));
  const opening = { kind: 'Unreachable', error: 'it still opens its data', isOpening: true };
  assert.deepEqual((await asked(true))?.slots[0]?.report, opening);
  assert.deepEqual((await asked(false))?.slots[0]?.report, { kind: 'Unreachable', error: 'connection refused' });
});

test('the configuration is read from members of the cluster in status only, the leader first', async () => {
  const asked: unknown[] = [];
  const members: Partial<Members> = {
    status: async (member) => status(member, member === 'db-1' ? { role: 'Leader' } : {}),
    cluster: async (names) => {
      asked.push(names);
      return configuration;
    },
  };
  const found = await observe(name, source(), parts(members));
  assert.deepEqual(found?.configuration, configuration);
  assert.deepEqual(asked, [['db-1', 'db-0']]);
  const { cluster } = { cluster: { metadata: meta('db'), spec: {}, status: { clusterID: 'another' } } };
  const other = await observe(name, source({ cluster }), parts(members));
  assert.equal(other?.configuration, null);
  assert.equal(other?.configurationError, 'no member of the cluster answers');
});

test('nobody is asked for the configuration where no member knows a leader, or two clusters answer', async () => {
  const cluster = () => assert.fail('must not be asked');
  const leaderless = await observe(name, source(), parts({ status: async (m) => status(m, { leader: 0 }), cluster }));
  assert.equal(leaderless?.configurationError, 'no member knows a leader');
  const two = await observe(
    name,
    source(),
    parts({ status: async (m) => status(m, { cluster_id: `of ${m}` }), cluster }),
  );
  assert.equal(two?.configurationError, 'members name several cluster ids');
});

test('a cluster that follows the operator waits for another that has its image and is not well', async () => {
  const other = (conditions: object[]) => ({
    metadata: meta('other'),
    spec: {},
    status: { image: 'quorate:1', hasFormed: true, conditions },
  });
  const well = ['Ready', 'MembersUpToDate'].map((type) => ({ type, status: 'True' }));
  assert.equal(
    (await observe(name, source({ clusters: [other([])] }), parts(wellMembers)))?.rollingElsewhere,
    'ns/other',
  );
  assert.equal((await observe(name, source({ clusters: [other(well)] }), parts(wellMembers)))?.rollingElsewhere, null);
});
