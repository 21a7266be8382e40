/**
 * Which image the members shall run. One that the user names counts at once; without, the operator's own is taken when
 * no other cluster is busy with that, and only by a cluster whose members are well: a bad image must not reach a second one.
 */
import type { ClusterView, Place } from './cluster-view.ts';
import { note, type Outcome, pass, type Rule, record } from './rule.ts';
import { objectionToUpgrade } from './upgrade-path.ts';

export const latchImage: Rule = (view) => {
  const { spec, status, observed } = view;
  const wanted = spec.image ?? observed.operatorImage;
  if (status.image === wanted) return pass;
  const objection = objectionToVersion(view);
  if (objection !== null) return note(objection, null);
  if (spec.image !== undefined) return choose(view, wanted, 'spec.image has changed');
  if (observed.rollingElsewhere !== null) {
    return note(`waits for ${observed.rollingElsewhere} to be well with the operator's image`, 30_000);
  }
  const unwell = firstToWaitFor(view);
  if (unwell !== undefined) return note(`takes the operator's image when ${unwell.name} is well`, null);
  return choose(view, wanted, "it is the operator's, and it is the turn of this cluster");
};

function objectionToVersion({ spec, status, places }: ClusterView): string | null {
  if (spec.version === undefined) return null;
  const running = places.flatMap(({ status: said }) => (said === null ? [] : [said.version]));
  for (const version of new Set([
    ...running,
    ...(status.currentVersion === undefined ? [] : [status.currentVersion]),
  ])) {
    const objection = objectionToUpgrade(version, spec.version);
    if (objection !== null) return `spec.version is refused: ${objection}`;
  }
  return null;
}

/** Before a cluster has formed, and while it sleeps, nobody can be well. */
function firstToWaitFor(view: ClusterView): Place | undefined {
  const { spec, status, places } = view;
  const isAsleep = spec.replicas === 0 && status.hibernation !== undefined;
  if (status.hasFormed !== true || isAsleep) return undefined;
  return places.find(
    (place) =>
      place.isWanted && !(place.isHealthy && place.pod?.isReady === true) && !isBrokenByLatchedImage(view, place),
  );
}

/**
 * A pod with the image that is latched now that does not start, or takes no part while others still run another image:
 * what is broken may be that image, and the operator's is the way out of it.
 */
function isBrokenByLatchedImage({ status, places }: ClusterView, { pod }: Place): boolean {
  if (pod === null || pod.image !== status.image) return false;
  return pod.waitingReason !== null || places.some((other) => other.pod !== null && other.pod.image !== status.image);
}

function choose({ cluster }: ClusterView, image: string, reason: string): Outcome {
  return record({ image }, 'Normal', 'ImageChosen', `Members shall run ${image}: ${reason}`, cluster.metadata.name);
}
