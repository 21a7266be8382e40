/** Sets which ordinals of a StatefulSet run. */
import type { SetName } from '../api/names.ts';
import type { ClusterView } from './cluster-view.ts';
import { act, type Outcome } from './rule.ts';

/** Null when the StatefulSet runs these ordinals already, or is not there. */
export function scaleSet(
  view: ClusterView,
  set: SetName,
  { start = 0, replicas }: { readonly start?: number; readonly replicas: number },
  reason: string,
): Outcome | null {
  const live = view.sets[set];
  if (live === null || (live.replicas === replicas && live.start === start)) return null;
  const { resourceVersion } = live;
  return act({ kind: 'ScaleSet', set, replicas, start, resourceVersion }, view.cluster.metadata.name, reason);
}
