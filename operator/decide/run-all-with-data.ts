/** Without a quorum nobody knows the members, but their volumes show where their data is: no pod of these may be missing. */
import { type ClusterView, endOfData, setNames } from './cluster-view.ts';
import { act, type Outcome } from './rule.ts';

/** Null when each of them may run. */
export function runAllWithData(view: ClusterView): Outcome | null {
  for (const set of setNames) {
    const live = view.sets[set];
    if (live === null) continue;
    const replicas = Math.max(live.start + live.replicas, endOfData(view, set));
    if (live.start === 0 && live.replicas === replicas) continue;
    return act(
      { kind: 'ScaleSet', set, replicas, start: 0, resourceVersion: live.resourceVersion },
      view.cluster.metadata.name,
      'members with data shall run',
    );
  }
  return null;
}
