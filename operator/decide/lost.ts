/** How long a member has been taking no part, from what status has kept and the age of its pod, and how long it may. */
import { type ClusterView, type Place, placeNamed } from './cluster-view.ts';

/** A member that opens its data gets so many times what a silent one gets: a new volume would only begin all anew. */
const OPENING_TIMES = 12;

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

/** So long it is waited for: one that crashes while it opens is caught between two of its runs. */
export function patienceMs({ spec }: ClusterView, place: Place | null): number {
  return spec.healing.notReadyAfterSeconds * 1000 * (place?.isOpening === true ? OPENING_TIMES : 1);
}
