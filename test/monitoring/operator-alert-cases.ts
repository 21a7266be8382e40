/** For each alert of the operator: series on which it fires, and series on which it does not. */
import type { AlertCase } from './alert-case.ts';

const CLUSTER = { namespace: 'shop', name: 'db' };

/** One status of one condition of the cluster. */
const condition = (type: string, status: string, reason: string, name = 'db'): string =>
  `quorate_operator_cluster_condition{namespace="shop",name="${name}",pod="operator-1",type="${type}",status="${status}",reason="${reason}"}`;

/**
 * Fires once a condition has had a status for `afterMinutes`, whatever the reasons.
 *
 * @param wanted reasons for which nobody is told
 */
function conditionCase(
  alert: string,
  type: string,
  status: 'True' | 'False',
  afterMinutes: number,
  wanted: readonly string[] = [],
): AlertCase {
  // What is not so has no series.
  const other = status === 'True' ? 'False' : 'True';
  const asWanted = wanted.map((reason) => [condition(type, status, reason, `wanted-${reason}`), '1x1500']);
  return {
    alert,
    atMinutes: afterMinutes + 5,
    firing: {
      [condition(type, status, 'First')]: '_x2 1 stale',
      [condition(type, status, 'Second')]: `_x3 1x${afterMinutes + 10}`,
      [condition(type, other, 'Otherwise')]: '1x2 stale',
    },
    // It has not lasted.
    quiet: {
      [condition(type, status, 'First')]: `_x6 1x${afterMinutes + 10}`,
      [condition(type, other, 'Otherwise')]: '1x6 stale',
      ...Object.fromEntries(asWanted),
    },
    labels: CLUSTER,
  };
}

export const operatorAlertCases: readonly AlertCase[] = [
  {
    alert: 'QuorateOperatorDown',
    atMinutes: 20,
    firing: { 'quorate_operator_leader{pod="operator-1"}': '1x4 stale' },
    quiet: { 'quorate_operator_leader{pod="operator-1"}': '0x30' },
    labels: {},
  },
  {
    alert: 'QuorateOperatorNoLeader',
    atMinutes: 15,
    firing: {
      'quorate_operator_leader{namespace="a",pod="operator-1"}': '1x4 0x30',
      'quorate_operator_leader{namespace="a",pod="operator-2"}': '0x30',
      // Another release: it does not act for this one.
      'quorate_operator_leader{namespace="b",pod="operator-1"}': '1x40',
    },
    quiet: {
      'quorate_operator_leader{namespace="a",pod="operator-1"}': '1x4 0x30',
      'quorate_operator_leader{namespace="a",pod="operator-2"}': '0x5 1x30',
    },
    labels: { namespace: 'a' },
  },
  {
    alert: 'QuorateReconcileFailing',
    atMinutes: 45,
    firing: { 'quorate_operator_reconcile_errors_total{error="Forbidden"}': '0+1x60' },
    // The API server restarts.
    quiet: { 'quorate_operator_reconcile_errors_total{error="Unreachable"}': '0x20 1+1x4 5x60' },
    labels: { error: 'Forbidden' },
  },
  {
    alert: 'QuorateOperatorQueueStuck',
    atMinutes: 30,
    firing: { 'quorate_operator_queue_oldest_seconds{pod="operator-1"}': '0+60x40' },
    // Long, and then done.
    quiet: { 'quorate_operator_queue_oldest_seconds{pod="operator-1"}': '0+60x12 0+60x8 0x40' },
    labels: {},
  },
  conditionCase('QuorateClusterUnavailable', 'Available', 'False', 2, ['Hibernating']),
  conditionCase('QuorateClusterIdConflict', 'ClusterIDConsistent', 'False', 1),
  conditionCase('QuorateDataDiffers', 'DataConsistent', 'False', 1),
  conditionCase('QuorateClusterDegraded', 'Degraded', 'True', 30),
  conditionCase('QuorateProgressStalled', 'Progressing', 'False', 1),
  conditionCase('QuorateRolloutStuck', 'MembersUpToDate', 'False', 60, ['WaitsForTurn']),
  conditionCase('QuorateDrainBlocked', 'DrainBlocked', 'True', 30),
  conditionCase('QuorateDisruptionBudgetMissing', 'DisruptionBudget', 'False', 15, ['Hibernating', 'TooFewVoters']),
  conditionCase('QuorateStorageNotReady', 'StorageReady', 'False', 15),
  conditionCase('QuorateClusterPaused', 'Paused', 'True', 24 * 60),
];
