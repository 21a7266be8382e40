/** `status` of a RaftCluster: what users read, and the intentions that the operator has written down before acting. */
import { z } from 'zod';
import { listMap } from './rules.ts';

const time = z.string();
const count = z.int().min(0).max(1000);
const generation = z.int().min(0);

export const conditionTypes = [
  'Ready',
  'Available',
  'Progressing',
  'Degraded',
  'MembersUpToDate',
  'StorageReady',
  'DrainBlocked',
  'ClusterIDConsistent',
  'DataConsistent',
  'DisruptionBudget',
  'EvenVoters',
  'Paused',
] as const;

const condition = z.object({
  type: z
    .string()
    .describe(
      'Ready (serves, whole, as the spec says), Available (a quorum serves), Progressing, Degraded, MembersUpToDate, StorageReady, DrainBlocked, ClusterIDConsistent, DataConsistent, DisruptionBudget, EvenVoters or Paused.',
    ),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it is so.'),
  observedGeneration: generation.optional().describe('metadata.generation that this was said of.'),
  lastTransitionTime: time.describe('Since when the status is this; RFC 3339.'),
  reason: z.string().describe('One word for programs.'),
  message: z.string().describe('A sentence for people.'),
});

const member = z.object({
  name: z.string().describe('Of the pod, and of the member in it.'),
  memberID: z.string().optional().describe('In the configuration; a new one for every incarnation.'),
  incarnation: z.string().optional().describe('Of the data in its volume.'),
  role: z.enum(['Leader', 'Follower', 'Learner', 'None']).describe('None: not in the configuration, or not known.'),
  ready: z.boolean().describe('Whether it serves clients.'),
  version: z.string().optional().describe('That it runs.'),
  node: z.string().optional().describe('That its pod runs on.'),
  zone: z.string().optional().describe('Of the node.'),
  reason: z.string().optional().describe('Why it is not ready.'),
  lostSince: time.optional().describe('Since when it takes no part; replacement counts from here. RFC 3339.'),
});

const founder = z.object({
  id: generation.describe('Member id.'),
  name: z.string().describe('Of the member.'),
  peer_address: z.string().describe('Where the others reach it.'),
  incarnation: z.string().describe('Of the data in its volume.'),
});

export const raftClusterStatus = z.object({
  // -1 is what the CRD gives to an object that no operator has looked at, so that whoever waits (kstatus: Flux, Helm) waits.
  observedGeneration: z
    .int()
    .min(-1)
    .optional()
    .describe('metadata.generation that this status was made of; -1 before the first one.'),
  replicas: count.optional().describe('Voting members that there are; for /scale.'),
  readyReplicas: count.optional().describe('Voting members that are ready.'),
  selector: z.string().optional().describe("Of the voting members' pods; for /scale."),
  voters: z.string().optional().describe('Ready voting members of those wanted, as 3/3.'),
  learners: count.optional().describe('Members that do not vote: read replicas, and those about to become voters.'),
  clusterID: z.string().optional().describe('Identity of the data; another one after a quorum recovery.'),
  leader: z.string().optional().describe('Name of the member that leads.'),
  currentVersion: z.string().optional().describe('The lowest that a member runs.'),
  members: z
    .array(member)
    .optional()
    .describe('One for each place that has a pod, a volume or a member.')
    .meta(listMap('name')),
  founding: z
    .object({
      cluster_id: z.string().describe('Of the cluster that is formed.'),
      founders: z.array(founder).describe('All of them, or nobody.'),
      snapshot_path: z.string().optional().describe('Of the snapshot that it begins with, in the pods.'),
    })
    .optional()
    .describe('The record that the cluster is, or was, formed with.'),
  hasFormed: z.boolean().optional().describe('Latched: from then on nobody forms, whatever is lost.'),
  image: z.string().optional().describe('Latched: what the members shall run.'),
  target: z
    .object({
      replicas: count.describe('Voting members.'),
      readReplicas: count.describe('Members that never vote.'),
      generation: generation.describe('metadata.generation that it was taken from.'),
    })
    .optional()
    .describe('Latched: the size that is being reached, until the next safe point.'),
  hibernation: z
    .object({
      replicas: count.describe('Pods of the voters.'),
      readReplicas: count.describe('Pods of the read replicas.'),
    })
    .optional()
    .describe('Sizes of the StatefulSets when the pods were stopped: what wakes first.'),
  plan: z
    .object({
      action: z.string().describe('What the operator does next; Wait, or Steady when there is nothing to do.'),
      subject: z.string().describe('Member, pod or volume that it touches; empty for none.'),
      reason: z.string().describe('Why this, why now.'),
      blockers: z.array(z.string()).describe('What keeps it from going on; empty when nothing does.'),
      since: time.describe('Since when this is next; RFC 3339.'),
    })
    .optional()
    .describe('What the operator does next.'),
  replacements: z
    .array(
      z.object({ name: z.string().describe('Of the member.'), at: time.describe('When it was removed; RFC 3339.') }),
    )
    .optional()
    .describe('Members that were replaced in the last hour.'),
  replacing: z
    .object({
      name: z.string().describe('Of the member.'),
      memberID: z.string().describe('That is removed.'),
      incarnation: z.string().describe('That is removed.'),
      since: time.describe('When it began; RFC 3339.'),
    })
    .optional()
    .describe('The member that is being replaced: its old id is removed, then a new one joins.'),
  quorumRecovery: z
    .object({
      nonce: z.string().describe('Copy it to spec.quorumRecovery.acknowledge to consent.'),
      survivors: z.array(z.string()).describe('Members that answer, the most advanced first.'),
      lost: z.array(z.string()).describe('Voting members that do not answer.'),
      survivor: z.string().optional().describe('Chosen, once consented.'),
      clusterID: z.string().optional().describe('The new one.'),
      formerClusterID: z.string().optional().describe('The one whose quorum is lost.'),
      step: z
        .enum(['Offered', 'StoppingOthers', 'Withdrawing', 'Recovering', 'WipingOthers', 'Done'])
        .describe('How far it has come; nothing is done while it is Offered.'),
      since: time.describe('When the quorum was found lost; RFC 3339.'),
    })
    .optional()
    .describe('There when a quorum of voting members is lost.'),
  dataMismatch: z
    .object({
      members: z.array(z.string()).describe('Whose keys are not those of a quorum.'),
      isDecided: z.boolean().describe('False: no quorum holds the same keys, and nobody knows whose are wrong.'),
      since: time.describe('When the operator saw it; RFC 3339.'),
    })
    .optional()
    .describe('There while members were found to hold different keys (alarm CORRUPT): writes are refused.'),
  certificates: z
    .array(
      z.object({ name: z.string().describe('Of the Secret.'), notAfter: time.describe('When it ends; RFC 3339.') }),
    )
    .optional()
    .describe('Certificates that the members show.')
    .meta(listMap('name')),
  conditions: z
    .array(condition)
    .optional()
    .describe('What is true of the cluster, in sentences.')
    .meta(listMap('type')),
});

export type RaftClusterStatus = z.output<typeof raftClusterStatus>;
export type Condition = z.output<typeof condition>;
export type ConditionType = (typeof conditionTypes)[number];
export type MemberStatus = z.output<typeof member>;
