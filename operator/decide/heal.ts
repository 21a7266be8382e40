/**
 * Begins to replace one member that is lost: its data is gone for certain, or it has been away for longer than the
 * threshold and only a new volume can help. It is written down first; the rest is continueReplacement.
 */
import type { ApiMember } from '../../client/types.ts';
import { labels } from '../api/names.ts';
import { type ClusterView, isoTime, objectionToRemoval, type Place } from './cluster-view.ts';
import { lostForMs, patienceMs } from './lost.ts';
import { firstOf, note, type Outcome, pass, type Rule, record } from './rule.ts';
import { isOut } from './stuck-pods.ts';
import { eventsOfSet } from './why-silent.ts';

const HOUR_MS = 3_600_000;

export const heal: Rule = (view) => {
  if (view.configuration === null || view.status.replacing !== undefined) return pass;
  return firstOf(
    view.places.map((place) => {
      const { member } = place;
      if (member === null || !place.isWanted || place.isHealthy) return pass;
      return healOne(view, place, member);
    }),
  );
};

function healOne(view: ClusterView, place: Place, member: ApiMember): Outcome {
  const verdict = judge(view, place, member);
  if (verdict.kind === 'Leave')
    return verdict.why === null ? pass : note(`${place.name} is not replaced: ${verdict.why}`);
  if (view.spec.healing.mode === 'Disabled') {
    return note(`${place.name} is not replaced: ${verdict.why}, and spec.healing.mode is Disabled`, null);
  }
  const objection = objectionToRemoval(view, member);
  if (objection !== null) return note(`${place.name} is not replaced: ${objection}`);
  const recent = (view.status.replacements ?? []).filter(({ at }) => Date.parse(at) > view.nowMs - HOUR_MS);
  const allowed = view.spec.healing.maxReplacementsPerHour;
  if (recent.length >= allowed) {
    return note(
      `${place.name} is not replaced now: ${recent.length} were replaced in the last hour, ${allowed} may be`,
    );
  }
  const at = isoTime(view.nowMs);
  const message = `Replacing ${place.name}, member ${member.id}: ${verdict.why}`;
  const status = {
    replacing: { name: place.name, memberID: String(member.id), incarnation: member.incarnation, since: at },
    replacements: [...recent, { name: place.name, at }],
  };
  return record(status, 'Warning', 'ReplacingMember', message, place.name);
}

type Verdict =
  | { readonly kind: 'Replace'; readonly why: string }
  /** Null when nothing is wrong with it that would be worth a word. */
  | { readonly kind: 'Leave'; readonly why: string | null };

function judge(view: ClusterView, place: Place, member: ApiMember): Verdict {
  const { status, incarnation } = place;
  if (incarnation !== null && incarnation !== member.incarnation) {
    return {
      kind: 'Replace',
      why: `its data is gone: the volume holds incarnation ${incarnation}, not ${member.incarnation}`,
    };
  }
  if (status === null) return judgeSilent(view, place, member);
  switch (status.reason) {
    case 'Damaged':
    case 'NotAMember':
    case 'Removed':
      return { kind: 'Replace', why: `it is parked as ${status.reason}` };
    case 'NewerFormat':
    case 'ForeignCluster':
      return { kind: 'Leave', why: `it is parked as ${status.reason}: ${status.message ?? ''}` };
    default:
      // It has its data, and says so: a new volume would help nobody.
      return { kind: 'Leave', why: null };
  }
}

function judgeSilent(view: ClusterView, place: Place, member: ApiMember): Verdict {
  if (isHeardByLeader(view, member)) return { kind: 'Leave', why: null };
  const { pod, volume } = place;
  const lostMs = lostForMs(view, place.name);
  const { notReadyAfterSeconds } = view.spec.healing;
  if (lostMs === null || lostMs < notReadyAfterSeconds * 1000) {
    return { kind: 'Leave', why: `it is away, and has ${notReadyAfterSeconds} s to come back` };
  }
  // It names no time that runs: a plan that differs each time would be written each time.
  const away = `it has been away for more than ${notReadyAfterSeconds} s`;
  if (volume?.phase === 'Lost') return { kind: 'Replace', why: `${away}, and its volume is lost` };
  if (pod === null) {
    if (volume === null) return { kind: 'Replace', why: `${away}, and its volume is gone` };
    const label = `put the label ${labels.cluster}: ${view.cluster.metadata.name} back on its claim ${volume.name}`;
    const advice = volume.isLabelled ? '' : `; ${label}`;
    return { kind: 'Leave', why: `${away} because it has no pod (${eventsOfSet(place.name)})${advice}` };
  }
  if (pod.node === null) return judgeUnscheduled(place, away);
  if (pod.deletionDueMs !== null || (!pod.node.isReady && !isOut(pod.node))) {
    return {
      kind: 'Leave',
      why: `${away}, but node ${pod.node.name} may still run it: bring the node back, taint it node.kubernetes.io/out-of-service, or delete it`,
    };
  }
  // One whose disk hangs is alive for ever.
  if (place.isOpening && lostMs < patienceMs(view, place)) {
    return { kind: 'Leave', why: `${away}, but it is alive and still opens its data` };
  }
  if (isImageTrouble(pod.waitingReason)) return { kind: 'Leave', why: `${away} because of ${pod.waitingReason}` };
  const worksElsewhere = view.places.some(
    (other) => other.isHealthy && other.set === place.set && other.pod?.templateHash === pod.templateHash,
  );
  if (!worksElsewhere)
    return { kind: 'Leave', why: `${away}, but so far no other member works with the same pod template` };
  return { kind: 'Replace', why: `${away}${pod.waitingReason === null ? '' : ` (${pod.waitingReason})`}` };
}

/** A pod that waits for room needs no new volume; one whose volume is on a node that is gone needs one. */
function judgeUnscheduled({ pod, volume }: Place, away: string): Verdict {
  const why = pod?.unschedulable ?? 'it has no node';
  const node = volume?.selectedNode ?? null;
  if (node !== null && isOut(node) && /volume/i.test(why)) {
    return { kind: 'Replace', why: `${away}, and its volume is on node ${node.name}, which is gone` };
  }
  return { kind: 'Leave', why: `${away}: ${why}` };
}

/** Whether a pod that is made anew, with an empty volume, would meet the same trouble. */
function isImageTrouble(waitingReason: string | null): boolean {
  return waitingReason !== null && waitingReason !== 'CrashLoopBackOff';
}

/** Whether the leader hears of it, though the operator does not reach it: then it takes part. */
function isHeardByLeader({ leader }: ClusterView, { id }: ApiMember): boolean {
  const contactMs = leader?.status?.peers?.find((peer) => peer.id === id)?.last_contact_ms ?? null;
  return contactMs !== null && contactMs < 10_000;
}
