/**
 * Gives each StatefulSet the ordinals that are wanted and those whose members still count: lowering it any further would
 * stop a member that votes. Also puts back what others have scaled.
 */
import type { SetName } from '../api/names.ts';
import { type ClusterView, endOfMembers, placesOf, setNames } from './cluster-view.ts';
import { act, firstOf, note, type Outcome, pass, type Rule, SOON_MS, wait } from './rule.ts';

export const sizeSets: Rule = (view) => firstOf(setNames.map((set) => size(view, set)));

function size(view: ClusterView, set: SetName): Outcome {
  const live = view.sets[set];
  const wanted = Math.max(view.target[set], endOfMembers(view, set));
  if (live === null) {
    return wanted === 0 ? pass : wait('a StatefulSet is being made', [], { requeueAfterMs: SOON_MS });
  }
  const obstacle = firstObstacle(view, set, live.start + live.replicas, wanted);
  const replicas = obstacle?.ordinal ?? wanted;
  const { resourceVersion } = live;
  if (live.replicas !== replicas || live.start !== 0) {
    return act(
      { kind: 'ScaleSet', set, replicas, start: 0, resourceVersion },
      view.cluster.metadata.name,
      replicas > live.replicas || live.start !== 0
        ? 'pods are wanted for these members'
        : 'no member lives in what is taken away',
    );
  }
  return obstacle === null ? pass : note(obstacle.why, obstacle.requeueAfterMs);
}

/** The first ordinal that must not start yet, because its pod would take up a volume that is still there. */
function firstObstacle(
  view: ClusterView,
  set: SetName,
  from: number,
  to: number,
): { readonly ordinal: number; readonly why: string; readonly requeueAfterMs: number | null } | null {
  for (const { ordinal, volume, member, name } of placesOf(view, set)) {
    if (ordinal < from || ordinal >= to || volume === null || member !== null) continue;
    if (volume.isTerminating) {
      return { ordinal, why: `volume ${volume.name} is being deleted before ${name} starts`, requeueAfterMs: SOON_MS };
    }
    if (volume.isReleased) {
      const why = `volume ${volume.name} is kept for you after its member was scaled away: delete it to let ${name} start`;
      return { ordinal, why, requeueAfterMs: null };
    }
  }
  return null;
}
