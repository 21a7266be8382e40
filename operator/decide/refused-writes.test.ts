/** What waits while the API server refuses an object, and what does not. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RefusedWrite } from '../api/refused-write.ts';
import { finalizer } from '../api/types.ts';
import type { PodView, Slot } from '../observe/types.ts';
import {
  answerOf,
  clusterOf,
  configurationOf,
  ledSlots,
  memberOf,
  peerOf,
  podOf,
  settledOf,
  slotOf,
  volumeOf,
  votersSet,
} from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

const refusal = (kind: string, task: RefusedWrite['task'] = 'change', name = 'db'): RefusedWrite => ({
  kind,
  name,
  task,
  words: 'the quota is used up',
  advice: 'Raise it.',
});
const outdated: Partial<PodView> = { templateHash: 'before', readyChangedMs: 0 };

function withPods(pods: readonly Partial<PodView>[], refused: readonly RefusedWrite[]) {
  const slots = ledSlots(...pods.map((pod, n): [number, { pod: PodView }] => [n, { pod: podOf(n, pod) }]));
  return decide(settledOf({}, {}, { slots, refused }));
}

test('at rest the plan waits, and names the object and the words of the API server', () => {
  const settled = { readyChangedMs: 0 };
  const { act, plan } = withPods([settled, settled, settled], [refusal('PodMonitor', 'create')]);
  assert.equal(act, null);
  assert.equal(plan.action, 'Wait');
  assert.deepEqual(plan.blockers, ['could not create the PodMonitor db: the quota is used up']);
});

test('a rollout goes on without a PodMonitor, and waits for the disruption budget and the labels that it counts', () => {
  const pods = [outdated, outdated, outdated];
  assert.equal(withPods(pods, [refusal('PodMonitor')]).act?.kind, 'EvictPod');
  for (const refused of [refusal('PodDisruptionBudget'), refusal('Pod', 'label', 'db-1')]) {
    const { act, plan } = withPods(pods, [refused]);
    assert.equal(act, null);
    assert.match(plan.reason, /^db-2 is not restarted now: could not (change|label) the .*: the quota is used up$/);
  }
  assert.equal(withPods(pods, [refusal('PodDisruptionBudget', 'delete')]).act?.kind, 'EvictPod');
});

test('the label of a read replica holds up no rollout, unless the budget counts it as a voter', () => {
  const withReader = (roleLabel: string | null) => {
    const pods = [0, 1, 2].map((n): [number, Partial<Slot>] => [n, { pod: podOf(n, outdated) }]);
    const name = 'db-read-0';
    const pod = podOf(0, { name, readyChangedMs: 0, roleLabel });
    const reader = slotOf(0, { set: 'Readers', name, pod, volume: null, report: null });
    const refused = [refusal('Pod', 'label', name)];
    return decide(settledOf({}, {}, { slots: [...ledSlots(...pods), reader], refused })).act?.kind;
  };
  assert.equal(withReader(null), 'EvictPod');
  assert.equal(withReader('voter'), undefined);
});

test('a member that is lost is replaced whatever is refused', () => {
  const kinds = ['PodDisruptionBudget', 'Pod', 'Service', 'EndpointSlice', 'StatefulSet', 'Secret', 'PodMonitor'];
  const volume = volumeOf(2, { incarnation: 'another', memberId: null, clusterId: null });
  const slots = ledSlots([2, { volume, report: null }]);
  const { act } = decide(settledOf({}, {}, { slots, refused: kinds.map((kind) => refusal(kind)) }));
  assert.ok(act?.kind === 'Record');
  assert.equal(act.status.replacing?.name, 'db-2');
});

test('a vote waits only where the budget that is there would let a drain take the quorum', () => {
  const learner = memberOf(3, { role: 'Learner' });
  const { cluster_id, config_index, members } = configurationOf(3);
  const leader = answerOf(0, { peers: [peerOf(2), peerOf(3), peerOf(4)], last_index: 9 });
  const joining = (minAvailable: number | null, refused: readonly RefusedWrite[]) =>
    decide(
      settledOf(
        { replicas: 5 },
        { target: { replicas: 5, readReplicas: 0, generation: 1 } },
        {
          slots: [slotOf(0, { report: { kind: 'Answered', status: leader } }), slotOf(1), slotOf(2), slotOf(3)],
          configuration: { cluster_id, config_index, members: [...members, learner] },
          sets: { Voters: { ...votersSet, replicas: 5 }, Readers: null },
          pdb: minAvailable === null ? null : { minAvailable, disruptionsAllowed: 1 },
          refused,
        },
      ),
    );
  const refused = [refusal('PodDisruptionBudget')];
  assert.equal(joining(3, refused).act?.kind, 'Promote');
  assert.equal(joining(null, refused).act?.kind, 'Promote');
  assert.equal(joining(2, []).act?.kind, 'Promote');
  const { act, plan } = joining(2, refused);
  assert.equal(act, null);
  assert.match(plan.blockers.join(), /db-3 must wait for the vote: its PodDisruptionBudget would let a drain/);
});

test('nothing forms where members do not find each other', () => {
  const refused = [refusal('Service', 'create', 'db-peers')];
  const target = { replicas: 3, readReplicas: 0, generation: 1 };
  const cluster = clusterOf({}, { target, hasFormed: false });
  const empty = (ordinal: number) => {
    const { incarnation } = memberOf(ordinal);
    const { cluster_id: _, member_id: __, role: ___, leader: ____, ...said } = answerOf(ordinal, { state: 'Parked' });
    const volume = volumeOf(ordinal, { clusterId: null, memberId: null });
    const report = { kind: 'Answered' as const, status: { ...said, incarnation, reason: 'NoData' as const } };
    return slotOf(ordinal, { volume, report });
  };
  const forming = (refusals: readonly RefusedWrite[]) => {
    const { clusterID: _, ...status } = cluster.status;
    const metadata = { ...cluster.metadata, finalizers: [finalizer] };
    const slots = [empty(0), empty(1), empty(2)];
    const bare = { cluster: { ...cluster, metadata, status }, slots, configuration: null, refused: refusals };
    return decide(settledOf({}, {}, bare));
  };
  const { act } = forming([]);
  assert.ok(act?.kind === 'Record' && act.status.founding !== undefined);
  assert.equal(forming(refused).act, null);
  assert.deepEqual(forming(refused).plan.blockers, ['could not create the Service db-peers: the quota is used up']);
});
