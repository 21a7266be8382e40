/** The alerts of members: from what the members themselves say, for clusters on Kubernetes and elsewhere. */
import { applyLagging } from './members/apply-lagging.ts';
import { certificateExpired } from './members/certificate-expired.ts';
import { certificateExpiring } from './members/certificate-expiring.ts';
import { commitSlow } from './members/commit-slow.ts';
import { corrupt } from './members/corrupt.ts';
import { followerLagging } from './members/follower-lagging.ts';
import { leaderChurn } from './members/leader-churn.ts';
import { logSyncSlow } from './members/log-sync-slow.ts';
import { memberDamaged } from './members/member-damaged.ts';
import { memberDown } from './members/member-down.ts';
import { memberParked } from './members/member-parked.ts';
import { noLeader } from './members/no-leader.ts';
import { noSpace } from './members/no-space.ts';
import { peerUnreachable } from './members/peer-unreachable.ts';
import { quorumAtRisk } from './members/quorum-at-risk.ts';
import { requestsFailing } from './members/requests-failing.ts';
import { slowWatchers } from './members/slow-watchers.ts';
import { snapshotLoop } from './members/snapshot-loop.ts';
import { snapshotsFailing } from './members/snapshots-failing.ts';
import { volumeFillingUp } from './members/volume-filling-up.ts';
import { writesRefused } from './members/writes-refused.ts';
import type { Alert } from './types.ts';

export const memberAlerts: readonly Alert[] = [
  noLeader,
  quorumAtRisk,
  memberDown,
  corrupt,
  memberDamaged,
  memberParked,
  noSpace,
  volumeFillingUp,
  requestsFailing,
  writesRefused,
  commitSlow,
  logSyncSlow,
  leaderChurn,
  followerLagging,
  applyLagging,
  peerUnreachable,
  snapshotLoop,
  snapshotsFailing,
  slowWatchers,
  certificateExpiring,
  certificateExpired,
];
