/**
 * Why the member in a place does not answer, as far as its pod tells. A quota, a limit, a Secret that is missing: such
 * reasons are in events alone, which the operator does not read, so it says which.
 */
import type { Place } from './cluster-view.ts';

export function whySilent(place: Pick<Place, 'name' | 'pod' | 'error'>): string {
  const { name, pod, error } = place;
  if (pod === null) return `pod ${name} is not there yet (${eventsOfSet(name)})`;
  if (pod.unschedulable !== null) return `pod ${name} has no node: ${pod.unschedulable}`;
  if (pod.waitingReason !== null) return `pod ${name} does not start: ${pod.waitingReason}`;
  if (pod.phase === 'Pending') return `pod ${name} has not started yet (if it stays so, its events say why)`;
  return `${name} does not answer yet${error === null ? '' : `: ${error}`}`;
}

/** @param pod the name of the pod, which ends in its ordinal */
export function eventsOfSet(pod: string): string {
  return `if it stays so, the events of StatefulSet ${pod.slice(0, pod.lastIndexOf('-'))} say why`;
}
