/** Deliberate bugs, each a decide that is wrong in one way: they show that the checks of carry-out.ts bite. */
import type { Observed, Slot } from '../../observe/types.ts';
import { decide } from '../decide.ts';
import type { Act } from '../types.ts';
import type { Decide } from './runs.ts';

export type Bug = {
  readonly name: string;
  /** Made anew for every run: some remember. */
  readonly make: () => Decide;
  /** What is said of it. */
  readonly caught: RegExp;
};

export const bugs: readonly Bug[] = [
  {
    name: 'decides on a configuration that it remembers',
    make: () => {
      let kept: Observed['configuration'] = null;
      return (observed) => {
        kept ??= observed.configuration;
        return decide({ ...observed, configuration: kept });
      };
    },
    caught: /old view|without a quorum|counts/,
  },
  {
    name: 'forms again when status is empty, whatever volumes and members say',
    make: () => (observed) =>
      decide(
        observed.cluster.status.hasFormed === true
          ? observed
          : { ...observed, configuration: null, slots: observed.slots.map(withoutClusterId) },
      ),
    caught: /formed beside|no rest/,
  },
  {
    name: 'takes the ordinal before the member',
    make: () =>
      changing((act, observed) => {
        const live = observed.sets.Voters;
        if (act.kind !== 'RemoveMember' || live === null || observed.cluster.status.replacing !== undefined) return act;
        const { resourceVersion } = live;
        return { kind: 'ScaleSet', set: 'Voters', replicas: live.replicas - 1, start: 0, resourceVersion };
      }),
    caught: /ordinal of member|takes the quorum/,
  },
  {
    name: 'destroys the volume before the member is removed',
    make: () =>
      changing((act, observed) => {
        const volume = observed.slots.find((slot) => act.kind === 'RemoveMember' && slot.name === act.name)?.volume;
        if (act.kind !== 'RemoveMember' || volume?.incarnation !== act.incarnation) return act;
        return { kind: 'DeleteVolume', volume, incarnation: act.incarnation, clusterId: '' };
      }),
    caught: /destroyed, whose member counts/,
  },
  {
    name: 'does not wait for a member to be back before the next restarts',
    make: () => (observed) => {
      const decision = decide(observed);
      const next = observed.slots.find(
        ({ pod, set }) =>
          set === 'Voters' && pod?.isReady === true && pod.templateHash !== observed.templateHashes.Voters,
      );
      const isWaiting =
        decision.act === null && decision.plan.blockers.some((blocker) => /rollout waits/.test(blocker));
      return isWaiting && next?.pod != null
        ? { ...decision, act: { kind: 'DeletePod', pod: next.pod, force: false } }
        : decision;
    },
    caught: /takes the quorum/,
  },
  {
    name: 'removes pods by force without proof',
    make: () => changing((act) => (act.kind === 'DeletePod' ? { ...act, force: true } : act)),
    caught: /by force/,
  },
  {
    name: 'does not count the learners that it has added',
    make: () => (observed) =>
      decide({
        ...observed,
        configuration:
          observed.configuration === null
            ? null
            : {
                ...observed.configuration,
                members: observed.configuration.members.filter(({ role }) => role === 'Voter'),
              },
      }),
    caught: /learners are being added|name is held/,
  },
  {
    name: 'sends the founding record without writing it down',
    make: () =>
      changing((act, observed) =>
        act.kind === 'Record' && act.status.founding !== undefined
          ? {
              kind: 'Bootstrap',
              record: { ...act.status.founding, cluster_id: '1' } as never,
              slots: observed.slots.map(({ name }) => name),
            }
          : act,
      ),
    caught: /not written down/,
  },
  {
    name: 'recovers beside others that may still run',
    make: () => (observed) => {
      const survivor = observed.cluster.status.quorumRecovery?.survivor;
      if (survivor === undefined) return decide(observed);
      return decide({
        ...observed,
        slots: observed.slots.map((slot) => (slot.name === survivor ? slot : { ...slot, pod: null, report: null })),
      });
    },
    caught: /may still run/,
  },
  {
    name: 'takes a member whose keys differ for a healthy one',
    make: () => (observed) => decide({ ...observed, comparison: { kind: 'Equal' } }),
    caught: /one that differs|keys differ|keys are right|takes the quorum/,
  },
  {
    name: 'does the same for ever',
    make: () => (observed) => ({
      ...decide(observed),
      act: {
        kind: 'Record',
        status: { learners: Number(observed.cluster.status.learners ?? 0) + 1 },
        event: { type: 'Normal', reason: 'Again', message: 'The same once more' },
      },
    }),
    caught: /no rest/,
  },
];

function changing(change: (act: Act, observed: Observed) => Act): Decide {
  return (observed) => {
    const decision = decide(observed);
    return decision.act === null ? decision : { ...decision, act: change(decision.act, observed) };
  };
}

function withoutClusterId(slot: Slot): Slot {
  const { report, volume } = slot;
  const marked = volume === null ? null : { ...volume, clusterId: null, memberId: null };
  if (report?.kind !== 'Answered') return { ...slot, volume: marked };
  const { cluster_id: _, founding: __, member_id: ___, ...status } = report.status;
  return {
    ...slot,
    volume: marked,
    report: { kind: 'Answered', status: { ...status, state: 'Parked', reason: 'NoData' } },
  };
}
