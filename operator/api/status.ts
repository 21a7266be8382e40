/** `status` of a RaftCluster: what users read, and the intentions that the operator has written down before acting. */
import { z } from 'zod';

const time = z.string().describe('RFC 3339.');

export const conditionTypes = [
  'Ready',
  'Available',
  'Progressing',
  'Degraded',
  'MembersUpToDate',
  'StorageReady',
  'DrainBlocked',
  'ClusterIDConsistent',
  'DisruptionBudget',
  'EvenVoters',
  'Paused',
] as const;

const condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  observedGeneration: z.int().optional(),
  lastTransitionTime: time,
  reason: z.string(),
  message: z.string(),
});

const member = z.object({
  name: z.string().describe('Of the pod.'),
  memberID: z.string().optional().describe('In the configuration.'),
  incarnation: z.string().optional().describe('Of the volume that it lives in.'),
  role: z.enum(['Leader', 'Follower', 'Learner', 'None']).describe('None: not in the configuration, or not known.'),
  ready: z.boolean(),
  version: z.string().optional(),
  node: z.string().optional(),
  zone: z.string().optional(),
  reason: z.string().optional().describe('Why it is not ready.'),
  lostSince: time.optional().describe('Since when it takes no part; replacement counts from here.'),
});

const founder = z.object({ id: z.int(), name: z.string(), peer_address: z.string(), incarnation: z.string() });

export const raftClusterStatus = z.object({
  observedGeneration: z.int().optional(),
  replicas: z.int().optional().describe('Voting members, for /scale.'),
  readyReplicas: z.int().optional(),
  selector: z.string().optional().describe("Of the voting members' pods, for /scale."),
  voters: z.string().optional().describe('Ready voters of those wanted: 3/3.'),
  learners: z.int().optional(),
  clusterID: z.string().optional(),
  leader: z.string().optional().describe('Name of the member.'),
  currentVersion: z.string().optional().describe('The lowest that a member runs.'),
  members: z.array(member).optional(),
  founding: z
    .object({ cluster_id: z.string(), founders: z.array(founder), snapshot_path: z.string().optional() })
    .optional()
    .describe('The record that the cluster is, or was, formed with.'),
  hasFormed: z.boolean().optional().describe('Latched: from then on nobody forms, whatever is lost.'),
  image: z.string().optional().describe('Latched: what the members shall run.'),
  target: z
    .object({ replicas: z.int(), readReplicas: z.int(), generation: z.int() })
    .optional()
    .describe('Latched: the size that is being reached, until the next safe point.'),
  hibernation: z
    .object({ replicas: z.int(), readReplicas: z.int() })
    .optional()
    .describe('Sizes of the StatefulSets when the pods were stopped: what wakes first.'),
  plan: z
    .object({
      action: z.string(),
      subject: z.string(),
      reason: z.string(),
      blockers: z.array(z.string()),
      since: time,
    })
    .optional(),
  /** Times of replacements in the last hour. */
  replacements: z.array(z.object({ name: z.string(), at: time })).optional(),
  /** The member that is being replaced: its old id is removed, then a new one joins. */
  replacing: z.object({ name: z.string(), memberID: z.string(), incarnation: z.string(), since: time }).optional(),
  quorumRecovery: z
    .object({
      nonce: z.string().describe('Copy it to spec.quorumRecovery.acknowledge to consent.'),
      survivors: z.array(z.string()).describe('Members that answer, the most advanced first.'),
      lost: z.array(z.string()),
      survivor: z.string().optional().describe('Chosen, once consented.'),
      clusterID: z.string().optional().describe('The new one.'),
      formerClusterID: z.string().optional(),
      step: z.enum(['Offered', 'StoppingOthers', 'Recovering', 'WipingOthers', 'Done']),
      since: time,
    })
    .optional(),
  certificates: z.array(z.object({ name: z.string(), notAfter: time })).optional(),
  conditions: z.array(condition).optional(),
});

export type RaftClusterStatus = z.output<typeof raftClusterStatus>;
export type Condition = z.output<typeof condition>;
export type ConditionType = (typeof conditionTypes)[number];
export type MemberStatus = z.output<typeof member>;
