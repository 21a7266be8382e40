/** Ready: the cluster serves and matches its spec. `kubectl get` shows the reason in the column Status. */

import { listed } from '../../api/listed.ts';
import { verb } from '../../api/verb.ts';
import { type Facts, reasonOf } from '../facts.ts';
import { available } from './available.ts';
import { dataConsistent } from './data-consistent.ts';
import { type Finder, type Finding, no, yes } from './finding.ts';
import { clusterIdConsistent } from './identity.ts';
import { progressing } from './progressing.ts';
import { storageReady } from './storage-ready.ts';
import { membersUpToDate } from './up-to-date.ts';

/** Reports the first of these findings that applies, the most important ones first. */
export const ready: Finder = (facts) =>
  deleting(facts) ??
  hibernating(facts) ??
  falseOf(clusterIdConsistent(facts)) ??
  forming(facts) ??
  recovering(facts) ??
  unavailable(facts) ??
  falseOf(dataConsistent(facts)) ??
  falseOf(progressing(facts)) ??
  replacing(facts) ??
  scaling(facts) ??
  outdated(facts) ??
  notReady(facts) ??
  falseOf(storageReady(facts)) ??
  yes(
    'Healthy',
    `${facts.voters.ready.length} of ${facts.voters.wanted} voters are ready, and all is as the spec says.`,
  );

function deleting({ cluster, decision }: Facts): Finding | null {
  return cluster.metadata.deletionTimestamp === undefined
    ? null
    : no('Deleting', `The RaftCluster is being deleted: ${decision.plan.reason}.`);
}

function hibernating(facts: Facts): Finding | null {
  if (facts.cluster.spec.replicas > 0) return null;
  const pods = facts.observed.slots.filter(({ pod }) => pod !== null).map(({ name }) => name);
  if (pods.length > 0) return no('Stopping', `replicas is 0: ${listed(pods)} ${verb(pods, 'stops', 'stop')}.`);
  return falseOf(available(facts));
}

function forming({ previous, decision }: Facts): Finding | null {
  return previous.hasFormed === true ? null : no('Forming', `The cluster forms: ${reasonOf(decision.plan)}.`);
}

function recovering({ previous }: Facts): Finding | null {
  const { quorumRecovery } = previous;
  if (quorumRecovery === undefined || quorumRecovery.step === 'Done') return null;
  return quorumRecovery.step === 'Offered'
    ? no('QuorumLost', 'The quorum is lost; see the condition Degraded.')
    : no('Recovering', 'The cluster is formed again from a survivor.');
}

function unavailable(facts: Facts): Finding | null {
  const finding = available(facts);
  return finding.status === 'True' ? null : finding;
}

function replacing({ previous }: Facts): Finding | null {
  return previous.replacing === undefined
    ? null
    : no('Replacing', `${previous.replacing.name} is replaced by a new member.`);
}

function scaling({ observed, cluster, voters }: Facts): Finding | null {
  const { replicas, readReplicas } = cluster.spec;
  if (voters.names.length < replicas)
    return no('ScalingOut', `${voters.names.length} of ${replicas} voters are there.`);
  if (voters.names.length > replicas) {
    return no('ScalingIn', `There are ${voters.names.length} voters, and ${replicas} shall stay.`);
  }
  const learners = observed.configuration?.members.filter(({ role }) => role === 'Learner').length ?? readReplicas;
  if (learners < readReplicas) return no('ScalingOut', `${learners} of ${readReplicas} read replicas are there.`);
  if (learners > readReplicas) {
    return no('ScalingIn', `There are ${learners} learners, and ${readReplicas} shall stay.`);
  }
  const surplus = observed.slots
    .filter(({ set, ordinal, pod }) => pod !== null && ordinal >= (set === 'Voters' ? replicas : readReplicas))
    .map(({ name }) => name);
  return surplus.length === 0 ? null : no('ScalingIn', `${listed(surplus)} ${verb(surplus, 'stops', 'stop')}.`);
}

function outdated(facts: Facts): Finding | null {
  if (facts.outdated.length === 0) return null;
  const { reason, message } = membersUpToDate(facts);
  return no(reason === 'Outdated' ? 'RollingOut' : reason, message);
}

function notReady({ members, wantedSlots }: Facts): Finding | null {
  const away = members.filter(({ name, ready }) => !ready && wantedSlots.some((slot) => slot.name === name));
  if (away.length === 0) return null;
  return no(
    'MembersNotReady',
    `${listed(away.map(({ name, reason }) => `${name} (${reason})`))} ${verb(away, 'is', 'are')} not ready.`,
  );
}

function falseOf(finding: Finding): Finding | null {
  return finding.status === 'False' ? finding : null;
}
