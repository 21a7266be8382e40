/** The alerts of the operator: about itself, and about what it sees of its clusters. */
import { clusterDegraded } from './operator/cluster-degraded.ts';
import { clusterIdConflict } from './operator/cluster-id-conflict.ts';
import { clusterPaused } from './operator/cluster-paused.ts';
import { clusterUnavailable } from './operator/cluster-unavailable.ts';
import { dataDiffers } from './operator/data-differs.ts';
import { disruptionBudgetMissing } from './operator/disruption-budget-missing.ts';
import { drainBlocked } from './operator/drain-blocked.ts';
import { operatorDown } from './operator/operator-down.ts';
import { operatorNoLeader } from './operator/operator-no-leader.ts';
import { operatorQueueStuck } from './operator/operator-queue-stuck.ts';
import { progressStalled } from './operator/progress-stalled.ts';
import { reconcileFailing } from './operator/reconcile-failing.ts';
import { rolloutStuck } from './operator/rollout-stuck.ts';
import { storageNotReady } from './operator/storage-not-ready.ts';
import type { Alert } from './types.ts';

export const operatorAlerts: readonly Alert[] = [
  operatorDown,
  operatorNoLeader,
  reconcileFailing,
  operatorQueueStuck,
  clusterUnavailable,
  clusterIdConflict,
  dataDiffers,
  clusterDegraded,
  progressStalled,
  rolloutStuck,
  drainBlocked,
  disruptionBudgetMissing,
  storageNotReady,
  clusterPaused,
];
