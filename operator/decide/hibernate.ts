/**
 * Replicas 0 stops all pods and keeps every volume and the membership. Any later value first wakes the members that were
 * there, then scales: a cluster of five that woke as three would have lost its quorum.
 */
import type { SetName } from '../api/names.ts';
import type { ClusterView } from './cluster-view.ts';
import { act, note, type Outcome, pass, type Rule, record, SOON_MS, wait } from './rule.ts';
import { scaleSet } from './scale-set.ts';

export const hibernate: Rule = (view) => {
  const { spec, status } = view;
  const hasMembers = status.hasFormed === true || status.founding !== undefined;
  if (!hasMembers) return pass;
  return spec.replicas === 0 ? fallAsleep(view) : wake(view);
};

function fallAsleep(view: ClusterView): Outcome {
  const { status, sets, cluster } = view;
  const { name } = cluster.metadata;
  if (status.hibernation === undefined) {
    if (sets.Voters === null) return wait('the StatefulSet is being made', [], { requeueAfterMs: SOON_MS });
    // Right after a quorum recovery, the one pod that runs may have any ordinal.
    const { start, replicas } = sets.Voters;
    const hibernation = { replicas: start + replicas, readReplicas: sets.Readers?.replicas ?? 0 };
    const message = `Stopping ${replicas} members; their volumes stay`;
    return act(
      { kind: 'Record', status: { hibernation }, event: { type: 'Normal', reason: 'Hibernating', message } },
      name,
      'spec.replicas is 0',
    );
  }
  const scaled = scaleBoth(view, { Voters: 0, Readers: 0 }, 'spec.replicas is 0');
  return scaled ?? wait('spec.replicas is 0: pods are stopped, volumes stay', [], { requeueAfterMs: null });
}

function wake(view: ClusterView): Outcome {
  const { status, sets, cluster, configuration } = view;
  const { hibernation } = status;
  if (hibernation === undefined) return pass;
  if (sets.Voters === null) return wait('the StatefulSet is being made', [], { requeueAfterMs: SOON_MS });
  const sizes = { Voters: hibernation.replicas, Readers: hibernation.readReplicas };
  const scaled = scaleBoth(view, sizes, 'the members that were stopped come back first');
  if (scaled !== null) return scaled;
  // Before it has formed there is no configuration to wait for.
  if (configuration === null && status.hasFormed === true) {
    return note('waits for a quorum of the members that were stopped', SOON_MS);
  }
  const message = 'The members that were stopped are back';
  return record({ hibernation: undefined }, 'Normal', 'Woken', message, cluster.metadata.name);
}

function scaleBoth(view: ClusterView, sizes: Readonly<Record<SetName, number>>, reason: string): Outcome | null {
  return (
    scaleSet(view, 'Voters', { replicas: sizes.Voters }, reason) ??
    scaleSet(view, 'Readers', { replicas: sizes.Readers }, reason)
  );
}
