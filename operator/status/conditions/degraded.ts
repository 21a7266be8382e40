/** Degraded: whether something is broken that a user should look at, even if the cluster still serves. */

import { listed } from '../../api/listed.ts';
import { refusalWithAdvice } from '../../api/refused-write.ts';
import type { MemberStatus } from '../../api/types.ts';
import { verb } from '../../api/verb.ts';
import type { Facts } from '../facts.ts';
import { available } from './available.ts';
import { dataConsistent } from './data-consistent.ts';
import { type Finder, type Finding, no, yes } from './finding.ts';
import { clusterIdConsistent } from './identity.ts';
import { progressing } from './progressing.ts';
import { storageReady } from './storage-ready.ts';

/** A member that just restarts is away for some seconds, which must not raise an alert. */
const BROKEN_AFTER_MS = 60_000;

export const degraded: Finder = (facts) =>
  quorumLost(facts) ??
  ofOther(clusterIdConsistent(facts), ['SeveralClusters', 'ForeignData']) ??
  ofOther(dataConsistent(facts), ['MembersDiffer', 'NoQuorumAgrees']) ??
  brokenMembers(facts) ??
  ofOther(storageReady(facts), ['VolumeLost', 'NoSpace', 'CannotGrow']) ??
  refusedWrites(facts) ??
  ofOther(progressing(facts), ['DeadlineExceeded']) ??
  missingKinds(facts) ??
  no('AsExpected', 'Nothing is broken.');

function quorumLost(facts: Facts): Finding | null {
  const { quorumRecovery } = facts.previous;
  if (quorumRecovery !== undefined && quorumRecovery.step !== 'Done') {
    const { survivors, nonce, step } = quorumRecovery;
    return yes(
      'QuorumLost',
      step === 'Offered'
        ? `The quorum is lost; ${survivors.length === 0 ? 'nobody' : listed(survivors)} survived. ` +
            `To go on from what is left, set spec.quorumRecovery.acknowledge to ${nonce}.`
        : step === 'Withdrawing'
          ? 'The quorum is lost; the members that were stopped for a recovery start again.'
          : `The quorum was lost; the cluster is being formed again from ${quorumRecovery.survivor ?? 'a survivor'}.`,
    );
  }
  return ofOther(available(facts), ['NoQuorum']);
}

function brokenMembers({ members, observed }: Facts): Finding | null {
  const broken = members.filter((member) => isBroken(member, observed.nowMs));
  if (broken.length === 0) return null;
  return yes(
    'MembersBroken',
    `${listed(broken.map(({ name, reason }) => `${name} (${reason ?? 'Lost'})`))} ${verb(broken, 'takes', 'take')} no part.`,
  );
}

function isBroken({ lostSince, reason = '' }: MemberStatus, nowMs: number): boolean {
  if (hopeless.has(reason)) return true;
  return lostSince !== undefined && nowMs - Date.parse(lostSince) >= BROKEN_AFTER_MS;
}

/** Reasons that waiting does not cure: such a member counts as broken at once. */
const hopeless: ReadonlySet<string> = new Set([
  'Damaged',
  'NotAMember',
  'Removed',
  'ForeignCluster',
  'NewerFormat',
  'NodeGone',
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
]);

/** The API server refused some objects. The rest of the cluster works, but it is not what the spec asks for. */
function refusedWrites({ observed: { refused } }: Facts): Finding | null {
  if (refused.length === 0) return null;
  return yes('WriteRefused', refused.map(refusalWithAdvice).join(' '));
}

/** `Enabled` demands a kind, so its absence is reported; with `Auto` the object is simply left out. */
function missingKinds({ cluster, observed }: Facts): Finding | null {
  const { podMonitor, prometheusRule, dashboards } = cluster.spec.monitoring;
  const missing = [
    ...(podMonitor === 'Enabled' && !observed.hasPodMonitors ? ['PodMonitor'] : []),
    ...(prometheusRule === 'Enabled' && !observed.hasPrometheusRules ? ['PrometheusRule'] : []),
    ...(dashboards === 'Enabled' && !observed.hasGrafanaDashboards ? ['GrafanaDashboard'] : []),
  ];
  if (missing.length === 0) return null;
  return yes(
    'KindMissing',
    `The API server has no ${listed(missing)}: install the operator of Prometheus or Grafana that brings it, then restart this one, or set spec.monitoring to Auto.`,
  );
}

function ofOther({ reason, message }: Finding, broken: readonly string[]): Finding | null {
  return broken.includes(reason) ? yes(reason, message) : null;
}
