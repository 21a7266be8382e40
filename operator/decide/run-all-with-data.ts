/**
 * Without a quorum nobody knows the members, but their volumes show where their data is: no pod of these may be
 * missing.
 */
import { type ClusterView, endOfData, setNames } from './cluster-view.ts';
import type { Outcome } from './rule.ts';
import { scaleSet } from './scale-set.ts';

/** Null when the StatefulSets let each of them run. */
export function runAllWithData(view: ClusterView): Outcome | null {
  for (const set of setNames) {
    const live = view.sets[set];
    if (live === null) continue;
    const replicas = Math.max(live.start + live.replicas, endOfData(view, set));
    const scaled = scaleSet(view, set, { replicas }, 'members with data shall run');
    if (scaled !== null) return scaled;
  }
  return null;
}
