/** How long a member has been taking no part, from what status has kept and the age of its pod. */
import { type ClusterView, placeNamed } from './cluster-view.ts';

/**
 * Milliseconds; null while it takes part, or before the status has noted that it does not. A new pod gets the whole
 * time anew.
 */
export function lostForMs(view: ClusterView, name: string): number | null {
  const since = view.status.members?.find((member) => member.name === name)?.lostSince;
  if (since === undefined) return null;
  const createdMs = placeNamed(view, name)?.pod?.createdMs ?? 0;
  return view.nowMs - Math.max(Date.parse(since), createdMs);
}
