import assert from 'node:assert/strict';
import { test } from 'node:test';
import { raftClusterStatus } from '../api/status.ts';
import type { Condition, ConditionType, RaftClusterStatus } from '../api/types.ts';
import type { Decision } from '../decide/types.ts';
import type { Observed, Slot } from '../observe/types.ts';
import { statusOf } from './status-of.ts';
import {
  answerOf,
  clusterId,
  clusterOf,
  configurationOf,
  decisionOf,
  memberOf,
  observedOf,
  podOf,
  slotOf,
  startMs,
  volumeOf,
} from './testing/healthy.ts';

const formed: RaftClusterStatus = clusterOf().status;
const later = (seconds: number): number => startMs + seconds * 1000;

function conditionIn({ conditions = [] }: RaftClusterStatus, type: ConditionType): Condition {
  return conditions.find((condition) => condition.type === type)!;
}

/** The status for a changed observation, 10 s after one of a healthy cluster. */
function statusAfterHealth(change: Partial<Observed>, decision: Decision = decisionOf()): RaftClusterStatus {
  const before = statusOf(observedOf(), decisionOf(), formed);
  return statusOf(observedOf({ nowMs: later(10), ...change }), decision, before);
}

function slotsWith(...changes: readonly [number, Partial<Slot>][]): Slot[] {
  return [0, 1, 2].map((ordinal) => slotOf(ordinal, changes.find(([changed]) => changed === ordinal)?.[1]));
}

const gone: Partial<Slot> = { pod: null, report: null };
const unreachable: Partial<Slot> = { report: { kind: 'Unreachable', error: 'no answer' } };

test('with a new image that is written down, the members are not up to date any more, before any pod was touched', () => {
  const status = statusOf(observedOf(), decisionOf(), { ...formed, image: 'quorate:1.1.0' });
  assert.equal(conditionIn(status, 'MembersUpToDate').status, 'False');
  assert.equal(conditionIn(status, 'Ready').status, 'False');
});

test('a healthy cluster', () => {
  const status = statusOf(observedOf(), decisionOf(), formed);
  const { conditions, plan, members = [], ...rest } = status;
  assert.deepEqual(rest, {
    hasFormed: true,
    clusterID: clusterId,
    image: 'quorate:1.0.0',
    observedGeneration: 1,
    replicas: 3,
    readyReplicas: 3,
    selector: 'quorate.dev/cluster=db,quorate.dev/set=voters',
    voters: '3/3',
    learners: 0,
    leader: 'db-0',
    currentVersion: '1.0.0',
  });
  assert.deepEqual(members[1], {
    name: 'db-1',
    role: 'Follower',
    ready: true,
    memberID: '2',
    incarnation: 'i1',
    version: '1.0.0',
    node: 'node-1',
    zone: 'zone-1',
  });
  assert.equal(plan?.action, 'Steady');
  assert.deepEqual(
    conditions?.map(({ type, status: holds, reason }) => `${type}=${holds} ${reason}`),
    [
      'Ready=True Healthy',
      'Available=True QuorumServes',
      'Progressing=True Complete',
      'Degraded=False AsExpected',
      'MembersUpToDate=True UpToDate',
      'StorageReady=True Bound',
      'DrainBlocked=False NotBlocked',
      'ClusterIDConsistent=True Consistent',
      'DataConsistent=True Consistent',
      'DisruptionBudget=True QuorumKept',
      'EvenVoters=False OddVoters',
      'Paused=False Active',
    ],
  );
  assert.ok(conditions?.every(({ observedGeneration }) => observedGeneration === 1));
});

test('the same observation, later, gives the same status to the byte', () => {
  const first = statusOf(observedOf(), decisionOf(), formed);
  const busy = [0, 1, 2].map((ordinal) =>
    slotOf(ordinal, {
      report: {
        kind: 'Answered',
        status: answerOf(ordinal, { commit: 999, applied: 998, revision: 77, uptime_seconds: 5000, db_size_bytes: 1 }),
      },
    }),
  );
  const second = statusOf(observedOf({ nowMs: later(3600), slots: busy }), decisionOf(), first);
  assert.deepEqual(second, first);
});

test('a status holds to its schema', () => {
  for (const change of [{}, { slots: slotsWith([1, gone]) }, { configuration: null, slots: [] }] as const) {
    const status = statusAfterHealth(change);
    assert.deepEqual(raftClusterStatus.parse(status), status);
  }
});

test('intentions that were written down are kept as they are', () => {
  const intentions: RaftClusterStatus = {
    ...formed,
    target: { replicas: 5, readReplicas: 0, generation: 1 },
    hibernation: { replicas: 3, readReplicas: 0 },
    replacing: { name: 'db-1', memberID: '2', incarnation: 'i1', since: '2026-01-02T03:00:00.000Z' },
    replacements: [{ name: 'db-2', at: '2026-01-02T03:00:00.000Z' }],
    founding: { cluster_id: clusterId, founders: [{ id: 1, name: 'db-0', peer_address: 'a:1', incarnation: 'i0' }] },
    certificates: [{ name: 'db-peer-tls', notAfter: '2027-01-02T03:00:00.000Z' }],
  };
  assert.partialDeepStrictEqual(statusOf(observedOf(), decisionOf(), intentions), intentions);
});

test('the time of a condition moves only with its status', () => {
  const first = statusOf(observedOf(), decisionOf(), formed);
  const down = statusOf(observedOf({ nowMs: later(10), slots: slotsWith([1, gone]) }), decisionOf(), first);
  const [ready, available] = [conditionIn(down, 'Ready'), conditionIn(down, 'Available')];
  assert.equal(ready.status, 'False');
  assert.equal(ready.lastTransitionTime, '2026-01-02T03:04:15.000Z');
  assert.equal(available.lastTransitionTime, '2026-01-02T03:04:05.000Z');
});

test('a member without a pod is lost since it was first seen so', () => {
  const lost = statusAfterHealth({ slots: slotsWith([1, gone]) });
  assert.partialDeepStrictEqual(lost.members?.[1], {
    name: 'db-1',
    ready: false,
    reason: 'PodMissing',
    lostSince: '2026-01-02T03:04:15.000Z',
  });
  assert.equal(lost.voters, '2/3');
  const still = statusOf(observedOf({ nowMs: later(70), slots: slotsWith([1, gone]) }), decisionOf(), lost);
  assert.equal(still.members?.[1]?.lostSince, '2026-01-02T03:04:15.000Z');
  const back = statusOf(observedOf({ nowMs: later(80) }), decisionOf(), still);
  assert.equal(back.members?.[1]?.lostSince, undefined);
});

test('a member with an empty volume is lost though its pod runs', () => {
  const parked = answerOf(2, { state: 'Parked', reason: 'NoData', incarnation: 'another' });
  const status = statusAfterHealth({ slots: slotsWith([2, { report: { kind: 'Answered', status: parked } }]) });
  assert.equal(status.members?.[2]?.lostSince, '2026-01-02T03:04:15.000Z');
});

test('a pod that is not ready yet but votes is not lost', () => {
  const status = statusAfterHealth({ slots: slotsWith([2, { pod: podOf(2, { isReady: false }) }]) });
  assert.equal(status.members?.[2]?.lostSince, undefined);
  assert.equal(status.members?.[2]?.reason, 'NotReady');
});

test('nobody is lost in a cluster that is stopped on purpose', () => {
  const status = statusAfterHealth({
    cluster: clusterOf({ replicas: 0 }),
    configuration: null,
    slots: slotsWith([0, gone], [1, gone], [2, gone]),
  });
  assert.ok(status.members?.every(({ lostSince }) => lostSince === undefined));
  assert.equal(conditionIn(status, 'Ready').reason, 'Hibernating');
  assert.equal(conditionIn(status, 'Degraded').status, 'False');
  assert.equal(status.replicas, 0);
  assert.equal(status.voters, '0/0');
});

test('a cluster that wakes is not broken', () => {
  const slots = slotsWith([0, unreachable], [1, gone], [2, gone]);
  const status = statusOf(observedOf({ configuration: null, slots }), decisionOf({ action: 'Wait' }), {
    ...formed,
    hibernation: { replicas: 3, readReplicas: 0 },
  });
  assert.equal(conditionIn(status, 'Ready').reason, 'Waking');
  assert.equal(conditionIn(status, 'Degraded').status, 'False');
});

test('a short absence is not Degraded, a long one is', () => {
  const lost = statusAfterHealth({ slots: slotsWith([1, gone]) });
  assert.equal(conditionIn(lost, 'Degraded').status, 'False');
  const still = statusOf(observedOf({ nowMs: later(80), slots: slotsWith([1, gone]) }), decisionOf(), lost);
  assert.deepEqual(conditionIn(still, 'Degraded').message, 'db-1 (PodMissing) takes no part.');
});

test('what waiting does not cure is Degraded at once', () => {
  for (const reason of ['CrashLoopBackOff', 'ImagePullBackOff']) {
    const pod = podOf(1, { isReady: false, waitingReason: reason });
    const status = statusAfterHealth({ slots: slotsWith([1, { pod, ...unreachable }]) });
    assert.equal(conditionIn(status, 'Degraded').message, `db-1 (${reason}) takes no part.`);
  }
});

test('without a quorum it is not available, and says who is away', () => {
  const slots = slotsWith([1, gone], [2, gone]);
  const status = statusAfterHealth({ configuration: null, configurationError: 'no quorum', slots });
  assert.equal(conditionIn(status, 'Available').reason, 'NoQuorum');
  assert.equal(conditionIn(status, 'Available').message, '2 of 3 voters are needed, and db-1 and db-2 are not ready.');
  assert.equal(conditionIn(status, 'Ready').reason, 'NoQuorum');
  assert.equal(conditionIn(status, 'Degraded').status, 'True');
  assert.equal(status.members?.[1]?.role, 'Follower');
});

test('an operator that is cut off from ready members does not say that they are down', () => {
  const slots = slotsWith([0, unreachable], [1, unreachable], [2, unreachable]);
  const status = statusAfterHealth({ configuration: null, configurationError: 'timeout', slots });
  assert.equal(conditionIn(status, 'Available').status, 'Unknown');
});

test('a quorum that is lost for good names the survivors and what to set', () => {
  const status = statusOf(
    observedOf({ configuration: null, slots: slotsWith([1, gone], [2, gone]) }),
    decisionOf({ action: 'Wait' }),
    {
      ...formed,
      quorumRecovery: { nonce: 'n-1', survivors: ['db-0'], lost: ['db-1', 'db-2'], step: 'Offered', since: 's' },
    },
  );
  const { message } = conditionIn(status, 'Degraded');
  assert.match(message, /db-0/);
  assert.match(message, /acknowledge to n-1/);
  assert.equal(conditionIn(status, 'Ready').reason, 'QuorumLost');
});

test('a plan that stays the same for too long is no progress, until the spec changes', () => {
  const stuck = decisionOf({ action: 'Wait', reason: 'db-1 waits', blockers: ['db-1 waits', 'db-2 is away'] });
  const first = statusAfterHealth({}, stuck);
  const soon = statusOf(observedOf({ nowMs: later(500) }), stuck, first);
  assert.equal(conditionIn(soon, 'Progressing').status, 'True');
  const late = statusOf(observedOf({ nowMs: later(611) }), stuck, soon);
  assert.equal(conditionIn(late, 'Progressing').reason, 'DeadlineExceeded');
  assert.match(conditionIn(late, 'Progressing').message, /600 seconds: db-1 waits: db-2 is away\.$/);
  assert.equal(conditionIn(late, 'Ready').reason, 'DeadlineExceeded');
  const cluster = clusterOf();
  const edited = { ...cluster, metadata: { ...cluster.metadata, generation: 2 } };
  const again = statusOf(observedOf({ nowMs: later(612), cluster: edited }), stuck, late);
  assert.equal(conditionIn(again, 'Progressing').status, 'True');
  assert.equal(again.plan?.since, '2026-01-02T03:14:17.000Z');
});

test('a cluster that is stopped on purpose is not stuck, however long', () => {
  const cluster = clusterOf({ replicas: 0 }, { hibernation: { replicas: 3, readReplicas: 0 } });
  const asleep = { cluster, configuration: null, slots: slotsWith([0, gone], [1, gone], [2, gone]) };
  const plan = decisionOf({ action: 'Wait', reason: 'spec.replicas is 0: pods are stopped, volumes stay' });
  const first = statusOf(observedOf(asleep), plan, cluster.status);
  const late = statusOf(observedOf({ ...asleep, nowMs: later(700) }), plan, first);
  assert.equal(conditionIn(late, 'Progressing').reason, 'Hibernating');
  assert.equal(conditionIn(late, 'Degraded').status, 'False');
  // A pod that does not stop makes it stuck.
  const stopping = { ...asleep, slots: slotsWith([0, gone], [1, gone]) };
  const before = statusOf(observedOf(stopping), plan, cluster.status);
  const stuck = statusOf(observedOf({ ...stopping, nowMs: later(700) }), plan, before);
  assert.equal(conditionIn(stuck, 'Progressing').reason, 'DeadlineExceeded');
});

test('a cluster that waits for its turn alone, or for whoever restarts pods, is not stuck', () => {
  const turn = "waits for a/b to be well with the operator's image";
  const left = 'outdated, and left to you since spec.updateStrategy.type is Manual: delete pod db-0';
  const manual = clusterOf({ updateStrategy: { type: 'Manual' } });
  const outdated = slotsWith([0, { pod: podOf(0, { templateHash: 'before' }) }]);
  for (const [blocker, change] of [
    [turn, { rollingElsewhere: 'a/b', operatorImage: 'quorate:1.1.0' }],
    [left, { cluster: manual, slots: outdated }],
  ] as const) {
    const since = (blockers: string[], seconds: number, before: RaftClusterStatus = formed) =>
      statusOf(
        observedOf({ ...change, nowMs: later(seconds) }),
        decisionOf({ action: 'Wait', reason: blockers[0]!, blockers }),
        before,
      );
    const late = since([blocker], 700, since([blocker], 0));
    assert.equal(conditionIn(late, 'Progressing').reason, 'Waiting', blocker);
    assert.equal(conditionIn(late, 'Degraded').status, 'False', blocker);
    const more = [blocker, 'volume data-db-0 cannot grow'];
    const stuck = since(more, 700, since(more, 0));
    assert.equal(conditionIn(stuck, 'Progressing').reason, 'DeadlineExceeded', blocker);
  }
});

test('an object that is refused beside members that are as they shall be makes no cluster not ready, however long', () => {
  const refused = [{ kind: 'PodMonitor', name: 'db', task: 'create', words: 'no', advice: 'Allow it.' }] as const;
  const text = 'could not create the PodMonitor db: no';
  const after = (seconds: number, change: Partial<Observed>, blockers: string[], reason = blockers[0]!) => {
    const decision = decisionOf({ action: 'Wait', reason, blockers });
    const before = statusOf(observedOf({ refused, ...change }), decision, formed);
    return statusOf(observedOf({ refused, ...change, nowMs: later(seconds) }), decision, before);
  };
  const late = after(700, {}, [text]);
  assert.equal(conditionIn(late, 'Progressing').reason, 'Waiting');
  assert.equal(conditionIn(late, 'Degraded').reason, 'WriteRefused');
  assert.equal(conditionIn(late, 'Ready').status, 'True');
  const outdated = slotsWith([0, { pod: podOf(0, { templateHash: 'before' }) }]);
  for (const stuck of [
    after(700, {}, [text, 'volume data-db-0 cannot grow']),
    after(700, {}, [text], 'no linearizable read: nobody answers'),
    after(700, { slots: outdated }, [text]),
  ]) {
    assert.equal(conditionIn(stuck, 'Progressing').reason, 'DeadlineExceeded');
  }
});

test('a plan keeps its time while it is the same', () => {
  const plan = decisionOf({ action: 'AddLearner', subject: 'db-3', reason: 'four are wanted' });
  const first = statusAfterHealth({}, plan);
  const second = statusOf(observedOf({ nowMs: later(20) }), plan, first);
  assert.equal(second.plan?.since, first.plan?.since);
  const other = statusOf(observedOf({ nowMs: later(30) }), decisionOf({ action: 'Join', subject: 'db-3' }), second);
  assert.equal(other.plan?.since, '2026-01-02T03:04:35.000Z');
});

test('pods of another template are named, and say who restarts them', () => {
  const slots = slotsWith(
    [0, { pod: podOf(0, { templateHash: 'old' }) }],
    [2, { pod: podOf(2, { templateHash: 'old' }) }],
  );
  const rolling = statusAfterHealth({ slots });
  assert.equal(conditionIn(rolling, 'MembersUpToDate').message, 'db-0 and db-2 still run as an earlier spec said.');
  assert.equal(conditionIn(rolling, 'Ready').reason, 'RollingOut');
  const manual = statusAfterHealth({ slots, cluster: clusterOf({ updateStrategy: { type: 'Manual' } }) });
  assert.equal(conditionIn(manual, 'Ready').reason, 'RestartPending');
});

test('a cluster that waits for another to take the image of the operator is ready and says so', () => {
  const status = statusAfterHealth({ operatorImage: 'quorate:2', rollingElsewhere: 'apps/other' });
  assert.match(conditionIn(status, 'MembersUpToDate').message, /until apps\/other has taken/);
  assert.equal(conditionIn(status, 'Ready').status, 'True');
});

test('volumes that are pending, small, stuck, lost or full', () => {
  const cases: readonly [string, Partial<Slot>, object][] = [
    ['VolumeTerminating', { volume: volumeOf(1, { isTerminating: true }) }, {}],
    ['VolumePending', { volume: volumeOf(1, { phase: 'Pending' }) }, {}],
    ['Growing', {}, { storage: { size: '2Gi' } }],
    ['CannotGrow', { volume: volumeOf(1, { canExpand: false }) }, { storage: { size: '2Gi' } }],
    ['VolumeLost', { volume: volumeOf(1, { phase: 'Lost' }) }, {}],
    ['NoSpace', { report: { kind: 'Answered', status: answerOf(1, { no_space: true }) } }, {}],
  ];
  for (const [reason, slot, spec] of cases) {
    const status = statusAfterHealth({ cluster: clusterOf(spec), slots: slotsWith([1, slot]) });
    assert.equal(conditionIn(status, 'StorageReady').reason, reason);
    assert.equal(conditionIn(status, 'Ready').status, 'False');
  }
});

test('a drain that the budget refuses is named with pod, node and cause', () => {
  const node = { ...podOf(1).node!, isCordoned: true };
  const slots = slotsWith([0, gone], [1, { pod: podOf(1, { node }) }]);
  const pdb = { minAvailable: 2, disruptionsAllowed: 0 };
  const blocked = conditionIn(statusAfterHealth({ slots, pdb }), 'DrainBlocked');
  assert.equal(blocked.status, 'True');
  assert.equal(blocked.message, 'db-1 on node-1 cannot be evicted: 2 voters must stay, and db-0 is not ready.');
  const allowed = conditionIn(statusAfterHealth({ slots, pdb: { ...pdb, disruptionsAllowed: 1 } }), 'DrainBlocked');
  assert.equal(allowed.status, 'False');
});

test('a pod that waits in its preStop hook is named', () => {
  const slot: Partial<Slot> = {
    pod: podOf(1, { deletionDueMs: later(60) }),
    report: { kind: 'Answered', status: answerOf(1, { quorum_critical: true }) },
  };
  const { reason, message } = conditionIn(
    statusAfterHealth({ slots: slotsWith([0, gone], [1, slot]) }),
    'DrainBlocked',
  );
  assert.equal(reason, 'QuorumCritical');
  assert.match(message, /^db-1 waits to be stopped/);
});

test('one or two voters have no budget, and it says what that means', () => {
  const status = statusOf(
    observedOf({ cluster: clusterOf({ replicas: 1 }), pdb: null }),
    decisionOf({}, { minAvailable: null }),
    formed,
  );
  assert.equal(conditionIn(status, 'DisruptionBudget').reason, 'TooFewVoters');
});

test('what the API server refuses is named with its words, and what there is to do', () => {
  const words = 'admission webhook "limits" denied the request: too many';
  const refused = [{ kind: 'PodDisruptionBudget', name: 'db', task: 'change', words, advice: 'Find it.' }] as const;
  const status = statusAfterHealth({ refused });
  const { reason, message } = conditionIn(status, 'Degraded');
  assert.equal(reason, 'WriteRefused');
  assert.equal(message, `Could not change the PodDisruptionBudget db: ${words}. Find it.`);
  assert.equal(conditionIn(status, 'DisruptionBudget').reason, 'Refused');
  assert.equal(conditionIn(status, 'Available').status, 'True');
});

test('data of another cluster is named with its place', () => {
  const foreign = answerOf(2, { state: 'Parked', reason: 'ForeignCluster', cluster_id: 'bb' });
  const slots = slotsWith([2, { report: { kind: 'Answered', status: foreign } }]);
  const { status, message } = conditionIn(statusAfterHealth({ slots }), 'ClusterIDConsistent');
  assert.equal(status, 'False');
  assert.equal(message, `db-2 (cluster bb) does not belong to cluster ${clusterId}.`);
});

test('data of the cluster before a recovery is expected until it is wiped', () => {
  const former = answerOf(2, { cluster_id: 'former' });
  const slots = slotsWith([2, { report: { kind: 'Answered', status: former } }]);
  const status = statusOf(observedOf({ slots }), decisionOf(), {
    ...formed,
    quorumRecovery: {
      nonce: 'n',
      survivors: ['db-0'],
      lost: [],
      step: 'WipingOthers',
      formerClusterID: 'former',
      since: 's',
    },
  });
  assert.equal(conditionIn(status, 'ClusterIDConsistent').status, 'True');
});

test('a member that holds other keys is named, with what its user does about it', () => {
  const comparison = { kind: 'Differs', members: ['db-1'], isDecided: true } as const;
  const status = statusAfterHealth({ comparison, slots: slotsWith([1, { pod: podOf(1, { isReady: false }) }]) });
  assert.equal(status.members?.[1]?.reason, 'DataDiffers');
  const { status: holds, reason, message } = conditionIn(status, 'DataConsistent');
  assert.deepEqual([holds, reason], ['False', 'MembersDiffer']);
  assert.equal(
    message,
    'db-1 holds other keys than a quorum, and writes are refused. The operator destroys nothing: keep a copy of its ' +
      'volume, then have it replaced by deleting pvc/data-db-1 and pod/db-1 (runbook QuorateCorrupt).',
  );
  assert.equal(conditionIn(status, 'Ready').reason, 'MembersDiffer');
  assert.equal(conditionIn(status, 'Degraded').reason, 'MembersDiffer');
  assert.deepEqual(
    [conditionIn(status, 'Available').status, conditionIn(status, 'Available').reason],
    ['True', 'ReadsOnly'],
    'reads are answered',
  );
});

test('where no quorum holds the same keys nobody is named as the wrong one', () => {
  const status = statusAfterHealth({ comparison: { kind: 'Differs', members: [], isDecided: false } });
  const { status: holds, reason, message } = conditionIn(status, 'DataConsistent');
  assert.deepEqual([holds, reason], ['False', 'NoQuorumAgrees']);
  assert.doesNotMatch(message, /delet/);
});

test('what members said of their keys holds until one says otherwise', () => {
  const dataMismatch = { members: ['db-1'], isDecided: true, since: 's' };
  const silent = observedOf({ comparison: { kind: 'NotTold' } });
  const reasonIn = (observed: Observed, previous: RaftClusterStatus): string =>
    conditionIn(statusOf(observed, decisionOf(), previous), 'DataConsistent').reason;
  assert.equal(reasonIn(silent, { ...formed, dataMismatch }), 'MembersDiffer');
  assert.equal(reasonIn(silent, formed), 'NotTold');
  assert.equal(reasonIn(observedOf(), { ...formed, dataMismatch }), 'Consistent');
});

test('scaling shows how far it has come', () => {
  const status = statusAfterHealth({
    cluster: clusterOf({ replicas: 5 }),
    slots: [...slotsWith(), slotOf(3)],
    configuration: {
      ...configurationOf(3),
      members: [...configurationOf(3).members, memberOf(3, { role: 'Learner' })],
    },
  });
  assert.equal(conditionIn(status, 'Ready').reason, 'ScalingOut');
  assert.equal(status.voters, '3/5');
  assert.equal(status.learners, 1);
  assert.equal(status.members?.[3]?.role, 'Learner');
  const shrinking = statusAfterHealth({
    cluster: clusterOf({ replicas: 1 }),
    slots: slotsWith(),
    configuration: configurationOf(3),
  });
  assert.equal(conditionIn(shrinking, 'Ready').reason, 'ScalingIn');
});

test('a member whose pod, volume and ordinal are all gone is listed while it is in the configuration', () => {
  const status = statusAfterHealth({ slots: [slotOf(0), slotOf(1)], configuration: configurationOf(3) });
  assert.partialDeepStrictEqual(status.members?.[2], {
    name: 'db-2',
    memberID: '3',
    role: 'Follower',
    reason: 'PodMissing',
  });
});

test('the leader is whom those name that know the latest term', () => {
  const stale = answerOf(0, { term: 3, leader: 1, role: 'Leader' });
  const slots = slotsWith(
    [0, { report: { kind: 'Answered', status: stale } }],
    [1, { report: { kind: 'Answered', status: answerOf(1, { term: 4, leader: 2, role: 'Leader' }) } }],
  );
  const status = statusAfterHealth({ slots });
  assert.equal(status.leader, 'db-1');
  assert.equal(status.members?.[0]?.role, 'Follower');
});

test('a version is the lowest that runs, by number', () => {
  const slots = slotsWith(
    [0, { report: { kind: 'Answered', status: answerOf(0, { version: '1.10.0' }) } }],
    [1, { report: { kind: 'Answered', status: answerOf(1, { version: '1.9.0' }) } }],
    [2, { report: { kind: 'Answered', status: answerOf(2, { version: '1.9.0-rc.1' }) } }],
  );
  assert.equal(statusAfterHealth({ slots }).currentVersion, '1.9.0-rc.1');
});

test('paused, even voters and missing kinds are said', () => {
  const status = statusAfterHealth({
    cluster: clusterOf({ replicas: 4, paused: true, monitoring: { podMonitor: 'Enabled' } }),
    slots: [...slotsWith(), slotOf(3)],
    configuration: configurationOf(4),
    hasPodMonitors: false,
  });
  assert.equal(conditionIn(status, 'Paused').status, 'True');
  assert.equal(conditionIn(status, 'Progressing').status, 'Unknown');
  assert.equal(conditionIn(status, 'EvenVoters').status, 'True');
  assert.match(conditionIn(status, 'Degraded').message, /no PodMonitor/);
  const noGrafana = statusAfterHealth({
    cluster: clusterOf({ monitoring: { dashboards: 'Enabled' } }),
    hasGrafanaDashboards: false,
  });
  assert.match(conditionIn(noGrafana, 'Degraded').message, /no GrafanaDashboard:/);
  const auto = statusAfterHealth({ hasGrafanaDashboards: false });
  assert.equal(conditionIn(auto, 'Degraded').status, 'False');
});

test('before it has formed', () => {
  const status = statusOf(
    observedOf({ cluster: clusterOf({}, {}), configuration: null, slots: [] }),
    decisionOf({ action: 'Wait', reason: 'waits for all founders', blockers: ['db-0 is not there'] }),
    {},
  );
  assert.equal(conditionIn(status, 'Ready').message, 'The cluster forms: waits for all founders: db-0 is not there.');
  assert.equal(conditionIn(status, 'ClusterIDConsistent').status, 'Unknown');
  assert.equal(status.voters, '0/3');
  assert.equal(status.leader, undefined);
});
