/**
 * A wanted place whose volume holds a former member: nothing can join there until it is empty. Written down as a
 * replacement, which wipes it by the contract.
 */
import { type ClusterView, holds, isoTime, type Place } from './cluster-view.ts';
import { firstOf, note, type Outcome, pass, type Rule, record } from './rule.ts';

export const wipeStrangers: Rule = (view) => {
  if (view.configuration === null || view.status.replacing !== undefined) return pass;
  return firstOf(view.places.filter(({ isWanted }) => isWanted).map((place) => wipeOne(view, place)));
};

function wipeOne(view: ClusterView, place: Place): Outcome {
  const { configuration, spec, nowMs } = view;
  const { volume, name, ordinal, set } = place;
  if (volume === null || configuration === null) return pass;
  const isInSet = ordinal < (view.sets[set]?.replicas ?? 0);
  if (volume.isReleased) {
    return note(
      `volume ${volume.name} is kept for you after its member was scaled away: delete it to let ${name} join`,
      null,
    );
  }
  if (!isInSet || volume.isTerminating || volume.incarnation === null || volume.clusterId === null) return pass;
  if (holds(configuration, volume.incarnation) || place.incarnation !== volume.incarnation) return pass;
  if (spec.storage.scaleDownPolicy === 'Retain') {
    return note(`volume ${volume.name} holds a former member and is kept: delete it to let ${name} join`, null);
  }
  const replacing = {
    name,
    memberID: String(volume.memberId ?? 0),
    incarnation: volume.incarnation,
    since: isoTime(nowMs),
  };
  const message = `Volume ${volume.name} holds a former member, incarnation ${volume.incarnation}: it is wiped`;
  return record({ replacing }, 'Normal', 'WipingVolume', message, name);
}
