/** DisruptionBudget and DrainBlocked: how many voters a node drain must leave, and which pods it cannot evict now. */

import { listed } from '../../api/listed.ts';
import { isOfBudget } from '../../api/refused-write.ts';
import { verb } from '../../api/verb.ts';
import type { Slot } from '../../observe/types.ts';
import { type Finder, no, yes } from './finding.ts';

export const disruptionBudget: Finder = ({ observed, cluster, decision, voters }) => {
  const { minAvailable } = decision.shape;
  if (cluster.spec.disruption.mode === 'Disabled') {
    return no('Disabled', 'disruption.mode is Disabled: a drain may take the quorum.');
  }
  if (minAvailable === null) {
    return cluster.spec.replicas === 0
      ? no('Hibernating', 'There are no pods to keep.')
      : no('TooFewVoters', 'With one or two voters each is needed: a drain interrupts writes until the pod is back.');
  }
  const refused = observed.refused.find(isOfBudget);
  if (refused !== undefined) {
    return no(
      'Refused',
      `Could not ${refused.task} the PodDisruptionBudget, so healthy voters are not restarted: ${refused.words}`,
    );
  }
  if (observed.pdb === null) return no('Missing', 'There is no PodDisruptionBudget yet.');
  return yes('QuorumKept', `Drains leave ${minAvailable} of ${Math.max(voters.wanted, voters.names.length)} voters.`);
};

export const drainBlocked: Finder = (facts) => {
  const { observed, voters } = facts;
  const waiting = observed.slots.filter(waitsToStop);
  if (waiting.length > 0) {
    const names = waiting.map(({ name }) => name);
    return yes(
      'QuorumCritical',
      `${listed(names)} ${verb(names, 'waits', 'wait')} to be stopped, for a bounded time: without ${verb(names, 'it', 'them')} the cluster has no quorum.`,
    );
  }
  const { pdb } = observed;
  const draining = observed.slots.filter(
    ({ name, pod }) => pod?.node?.isCordoned === true && pod.deletionDueMs === null && voters.names.includes(name),
  );
  if (pdb === null || pdb.disruptionsAllowed > 0 || draining.length === 0) {
    return no('NotBlocked', 'No drain waits for this cluster.');
  }
  const pods = draining.map(({ name, pod }) => `${name} on ${pod?.node?.name}`);
  const away = voters.names.filter((name) => !voters.ready.includes(name));
  return yes(
    'BudgetSpent',
    `${listed(pods)} cannot be evicted: ${pdb.minAvailable} voters must stay` +
      (away.length === 0 ? '.' : `, and ${listed(away)} ${verb(away, 'is', 'are')} not ready.`),
  );
};

/** Whether the pod is being deleted and its preStop hook still delays the stop for the sake of the quorum. */
function waitsToStop({ pod, report }: Slot): boolean {
  return pod?.deletionDueMs != null && report?.kind === 'Answered' && report.status.quorum_critical === true;
}
