/** For each alert of members: series on which it fires, and series on which it does not. */
import type { AlertCase } from './alert-case.ts';

const CLUSTER = { namespace: 'shop', quorate_dev_cluster: 'db' };
/** Seconds. */
const HOUR = 3600;
const DAY = 24 * HOUR;
const MEMBER = { ...CLUSTER, pod: 'db-0' };

const text = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',');
/** One series of member `pod`. */
const of = (pod: string, metric: string, more: Readonly<Record<string, string>> = {}): string =>
  `${metric}{${text({ ...CLUSTER, pod, ...more })}}`;
const ofFirst = (metric: string, more: Readonly<Record<string, string>> = {}): string => of('db-0', metric, more);
/** A histogram into which `perMinute` observations a minute fall, all just below `bound` and above half of it. */
const histogram = (metric: string, bound: number, perMinute: number): Readonly<Record<string, string>> => ({
  [ofFirst(`${metric}_bucket`, { le: String(bound / 2) })]: '0x60',
  [ofFirst(`${metric}_bucket`, { le: String(bound) })]: `0+${perMinute}x60`,
  [ofFirst(`${metric}_bucket`, { le: '+Inf' })]: `0+${perMinute}x60`,
});

export const memberAlertCases: readonly AlertCase[] = [
  {
    alert: 'QuorateNoLeader',
    atMinutes: 10,
    firing: { [of('db-0', 'quorate_leader_known')]: '1x4 0x20', [of('db-1', 'quorate_leader_known')]: '1x5 0x20' },
    // One member that is cut off is no cluster without a leader.
    quiet: { [of('db-0', 'quorate_leader_known')]: '0x20', [of('db-1', 'quorate_leader_known')]: '1x20' },
    labels: CLUSTER,
  },
  {
    alert: 'QuorateQuorumAtRisk',
    atMinutes: 15,
    firing: {
      [of('db-0', 'quorate_quorum_critical')]: '0x2 1x30',
      [of('db-0', 'quorate_cluster_members', { role: 'Voter' })]: '3x30',
    },
    // Two voters are always at risk.
    quiet: {
      [of('db-0', 'quorate_quorum_critical')]: '1x30',
      [of('db-0', 'quorate_cluster_members', { role: 'Voter' })]: '2x30',
    },
    labels: CLUSTER,
  },
  {
    alert: 'QuorateMemberDown',
    atMinutes: 10,
    firing: { [of('db-0', 'up', { job: 'db' })]: '1x2 0x20' },
    // Down, and back within the time; and something else that is down.
    quiet: { [of('db-0', 'up', { job: 'db' })]: '1x3 0x3 1x20', 'up{namespace="shop",job="other"}': '0x20' },
    labels: { ...MEMBER, job: 'db' },
  },
  {
    alert: 'QuorateMemberDamaged',
    atMinutes: 5,
    firing: { [ofFirst('quorate_parked', { reason: 'Damaged' })]: '0x2 1x20' },
    quiet: {
      [ofFirst('quorate_parked', { reason: 'Damaged' })]: '0x20',
      [ofFirst('quorate_parked', { reason: 'NoData' })]: '1x20',
    },
    labels: MEMBER,
  },
  {
    alert: 'QuorateMemberParked',
    atMinutes: 15,
    firing: { [ofFirst('quorate_parked', { reason: 'NoData' })]: '1x30' },
    // It joins after a while; the damaged one has an alert of its own.
    quiet: {
      [ofFirst('quorate_parked', { reason: 'NoData' })]: '1x8 0x30',
      [ofFirst('quorate_parked', { reason: 'Damaged' })]: '1x30',
    },
    labels: { ...MEMBER, reason: 'NoData' },
  },
  {
    alert: 'QuorateCorrupt',
    atMinutes: 5,
    firing: { [of('db-0', 'quorate_corrupt_members')]: '0x2 1x20', [of('db-1', 'quorate_corrupt_members')]: '0x20' },
    quiet: { [of('db-0', 'quorate_corrupt_members')]: '0x20' },
    labels: CLUSTER,
  },
  {
    alert: 'QuorateNoSpace',
    atMinutes: 5,
    firing: { [ofFirst('quorate_no_space')]: '0x2 1x20' },
    quiet: { [ofFirst('quorate_no_space')]: '0x20' },
    labels: MEMBER,
  },
  {
    alert: 'QuorateVolumeFillingUp',
    atMinutes: 20,
    firing: { [ofFirst('quorate_disk_free_bytes')]: '19x30', [ofFirst('quorate_disk_size_bytes')]: '100x30' },
    quiet: { [ofFirst('quorate_disk_free_bytes')]: '21x30', [ofFirst('quorate_disk_size_bytes')]: '100x30' },
    labels: MEMBER,
  },
  {
    alert: 'QuorateRequestsFailing',
    atMinutes: 20,
    firing: {
      [ofFirst('quorate_http_requests_total', { route: '/v1/kv/:key', code: '200' })]: '0+94x30',
      [ofFirst('quorate_http_requests_total', { route: '/v1/kv/:key', code: '503' })]: '0+6x30',
    },
    // Few failures; and probes, which are answered with 503 while a member is parked.
    quiet: {
      [ofFirst('quorate_http_requests_total', { route: '/v1/kv/:key', code: '200' })]: '0+96x30',
      [ofFirst('quorate_http_requests_total', { route: '/v1/kv/:key', code: '503' })]: '0+4x30',
      [ofFirst('quorate_http_requests_total', { route: '/readyz', code: '503' })]: '0+100x30',
    },
    labels: CLUSTER,
  },
  {
    alert: 'QuorateWritesRefused',
    atMinutes: 20,
    firing: { [ofFirst('quorate_proposals_refused_total', { reason: 'Overloaded' })]: '0+120x30' },
    quiet: {
      [ofFirst('quorate_proposals_refused_total', { reason: 'Overloaded' })]: '0+30x30',
      [ofFirst('quorate_proposals_refused_total', { reason: 'Stopping' })]: '0+120x30',
    },
    labels: { ...CLUSTER, reason: 'Overloaded' },
  },
  {
    alert: 'QuorateCommitSlow',
    atMinutes: 20,
    firing: histogram('quorate_quorum_seconds', 0.5, 600),
    quiet: histogram('quorate_quorum_seconds', 0.25, 600),
    labels: CLUSTER,
  },
  {
    alert: 'QuorateLogSyncSlow',
    atMinutes: 20,
    firing: histogram('quorate_log_append_seconds', 0.25, 600),
    quiet: histogram('quorate_log_append_seconds', 0.1, 600),
    labels: MEMBER,
  },
  {
    alert: 'QuorateLeaderChurn',
    atMinutes: 20,
    firing: { [ofFirst('quorate_leader_changes_total')]: '0x10 1+1x10' },
    // A rollout, and a drain.
    quiet: { [ofFirst('quorate_leader_changes_total')]: '0x8 1x3 2x3 3x10' },
    labels: CLUSTER,
  },
  {
    alert: 'QuorateFollowerLagging',
    atMinutes: 20,
    firing: { [ofFirst('quorate_peer_entries_behind', { peer: '3' })]: '6000x30' },
    // It catches up.
    quiet: { [ofFirst('quorate_peer_entries_behind', { peer: '3' })]: '60000-6000x9 0x30' },
    labels: { ...CLUSTER, peer: '3' },
  },
  {
    alert: 'QuorateApplyLagging',
    atMinutes: 20,
    firing: { [ofFirst('quorate_commit_index')]: '9000+100x30', [ofFirst('quorate_applied_index')]: '1000+100x30' },
    quiet: { [ofFirst('quorate_commit_index')]: '9000+100x30', [ofFirst('quorate_applied_index')]: '8990+100x30' },
    labels: MEMBER,
  },
  {
    alert: 'QuoratePeerUnreachable',
    atMinutes: 15,
    firing: { [ofFirst('quorate_peer_connected', { peer: '2' })]: '1x3 0x30' },
    quiet: { [ofFirst('quorate_peer_connected', { peer: '2' })]: '1x8 0x3 1x30' },
    labels: { ...MEMBER, peer: '2' },
  },
  {
    alert: 'QuorateSnapshotLoop',
    atMinutes: 40,
    firing: { [ofFirst('quorate_snapshots_sent_total', { outcome: 'Installed' })]: '0x5 1+0.5x40' },
    // A cluster that grows by two.
    quiet: { [ofFirst('quorate_snapshots_sent_total', { outcome: 'Installed' })]: '0x20 1x5 2x40' },
    labels: CLUSTER,
  },
  {
    alert: 'QuorateSnapshotsFailing',
    atMinutes: 25,
    firing: { [ofFirst('quorate_snapshots_sent_total', { outcome: 'Failed' })]: '0+1x40' },
    quiet: { [ofFirst('quorate_snapshots_sent_total', { outcome: 'Failed' })]: '0x10 1x40' },
    labels: CLUSTER,
  },
  {
    alert: 'QuorateSlowWatchers',
    atMinutes: 50,
    firing: { [ofFirst('quorate_slow_watchers')]: '0x5 2x60' },
    quiet: { [ofFirst('quorate_slow_watchers')]: '0x30 2x10 0x30' },
    labels: MEMBER,
  },
  {
    alert: 'QuorateCertificateExpiring',
    atMinutes: 70,
    firing: { [ofFirst('quorate_certificate_not_after_seconds', { use: 'peer' })]: `${7 * DAY}x90` },
    quiet: { [ofFirst('quorate_certificate_not_after_seconds', { use: 'peer' })]: `${8 * DAY}x90` },
    labels: { ...MEMBER, use: 'peer' },
  },
  {
    alert: 'QuorateCertificateExpired',
    atMinutes: 70,
    firing: { [ofFirst('quorate_certificate_not_after_seconds', { use: 'peer' })]: `${HOUR}x90` },
    quiet: { [ofFirst('quorate_certificate_not_after_seconds', { use: 'peer' })]: `${2 * HOUR}x90` },
    labels: { ...MEMBER, use: 'peer' },
  },
];
