/**
 * `spec` of a RaftCluster: the one source of its type, of the schema in the CRD and of `kubectl explain`. Defaults are
 * written into objects by the API server; parsing an object again gives the same.
 */
import { z } from 'zod';

const quantity = z.string().regex(/^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$/);
/** A part of a core type that is handed to the pod as it is. */
const opaque = z.record(z.string(), z.unknown());
/** A part that is known by its name, and otherwise handed to the pod as it is. */
const named = z.looseObject({ name: z.string().min(1) });
const localObject = z.object({ name: z.string().min(1) });

const storage = z.object({
  size: quantity.default('1Gi').describe("Size of each member's volume. It can grow, never shrink."),
  storageClassName: z
    .string()
    .optional()
    .describe("Storage class of the volumes; the cluster's default when not given. Cannot change."),
  reclaimPolicy: z
    .enum(['Retain', 'Delete'])
    .default('Retain')
    .describe('What happens to the volumes when the RaftCluster is deleted.'),
  scaleDownPolicy: z
    .enum(['Retain', 'Delete'])
    .default('Delete')
    .describe('What happens to the volume of a member that was scaled away, once its removal is proved.'),
});

const config = z.object({
  heartbeatIntervalMilliseconds: z
    .int()
    .min(10)
    .max(60_000)
    .default(100)
    .describe('How often a leader lets its followers know.'),
  electionTimeoutMilliseconds: z
    .int()
    .min(50)
    .max(600_000)
    .default(1000)
    .describe('How long a follower waits without a leader before it stands for election; at least five heartbeats.'),
  requestTimeoutMilliseconds: z
    .int()
    .min(100)
    .max(600_000)
    .default(5000)
    .describe('How long a request may take when it does not say so itself.'),
  maxRequestSize: quantity.default('1536Ki').describe('Largest value or transaction.'),
  maxLogSize: quantity.default('16Mi').describe('The log is cut when it holds more than this.'),
  minFreeSpace: quantity
    .optional()
    .describe(
      'With less space than this on the volume, writes that grow the store are refused. A tenth of the volume when not given, at most 256Mi.',
    ),
  snapshotRate: quantity.default('64Mi').describe('Bytes per second of a snapshot that is sent to another member.'),
  autoCompactionRetentionMinutes: z
    .int()
    .min(0)
    .max(525_600)
    .default(60)
    .describe('How long old revisions are kept for reads and watches of the past; 0 keeps all.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .default('info')
    .describe("Least level of the members' log lines."),
});

const scheduling = z.object({
  defaults: z
    .enum(['Preferred', 'Required', 'None'])
    .default('Preferred')
    .describe('Members on different nodes, spread over zones: preferred, required, or left to the fields below.'),
  nodeSelector: z.record(z.string(), z.string()).optional().describe('Labels that a node must have.'),
  affinity: opaque.optional().describe('Affinity of the pods, as in a Pod; replaces the default anti-affinity.'),
  tolerations: z.array(opaque).optional().describe('Tolerations of the pods, as in a Pod.'),
  topologySpreadConstraints: z.array(opaque).optional().describe('As in a Pod; replaces the default spread.'),
  priorityClassName: z.string().optional().describe('Priority class of the pods.'),
});

const podTemplate = z.object({
  labels: z.record(z.string(), z.string()).default({}).describe('More labels of the pods.'),
  annotations: z.record(z.string(), z.string()).default({}).describe('More annotations of the pods.'),
  env: z.array(named).default([]).describe("More variables of the member's container, as in a Container."),
  sidecars: z.array(named).default([]).describe('More containers, as in a Pod.'),
  volumes: z.array(named).default([]).describe('More volumes, as in a Pod.'),
  volumeMounts: z
    .array(named.extend({ mountPath: z.string().min(1) }))
    .default([])
    .describe("More mounts of the member's container, as in a Container."),
  serviceAccountName: z.string().optional().describe('Service account of the pods; no token is mounted.'),
});

const service = z.object({
  type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP').describe('Type of the Service.'),
  annotations: z.record(z.string(), z.string()).default({}).describe('Annotations of the Service.'),
});

const services = z.object({
  client: service.prefault({}).describe('Service NAME: every member that is ready.'),
  leader: z
    .object({ enabled: z.boolean().default(true).describe('Whether the Service exists.') })
    .prefault({})
    .describe('Service NAME-leader: the leader alone.'),
  readOnly: z
    .object({ enabled: z.boolean().default(false).describe('Whether the Service exists.') })
    .prefault({})
    .describe('Service NAME-read: the read replicas.'),
});

const disruption = z.object({
  mode: z
    .enum(['Auto', 'Disabled'])
    .default('Auto')
    .describe('Auto: a PodDisruptionBudget keeps a quorum of voters, with three or more of them.'),
  unhealthyPodEvictionPolicy: z
    .enum(['IfHealthyBudget', 'AlwaysAllow'])
    .default('IfHealthyBudget')
    .describe('As in a PodDisruptionBudget.'),
});

const healing = z.object({
  mode: z.enum(['Enabled', 'Disabled']).default('Enabled').describe('Whether lost members are replaced.'),
  notReadyAfterSeconds: z
    .int()
    .min(10)
    .max(86_400)
    .default(300)
    .describe('How long a member must be lost before it is replaced.'),
  maxReplacementsPerHour: z
    .int()
    .min(1)
    .max(100)
    .default(2)
    .describe('More than this are not replaced in an hour: something else is wrong then.'),
});

const updateStrategy = z.object({
  type: z
    .enum(['Rolling', 'Manual'])
    .default('Rolling')
    .describe('Rolling: the operator restarts outdated pods, one at a time. Manual: whoever deletes a pod does.'),
  minReadySeconds: z
    .int()
    .min(0)
    .max(3600)
    .default(5)
    .describe('How long a restarted member must be ready before the next.'),
});

const monitoring = z.object({
  podMonitor: z.enum(['Auto', 'Enabled', 'Disabled']).default('Auto').describe('Auto: if the API server has the kind.'),
  prometheusRule: z
    .enum(['Auto', 'Enabled', 'Disabled'])
    .default('Auto')
    .describe('Auto: if the API server has the kind.'),
  dashboards: z
    .enum(['Auto', 'Enabled', 'Disabled'])
    .default('Auto')
    .describe("Auto: only with the chart's dashboards; Enabled: a ConfigMap beside this cluster too."),
});

const tls = z.object({
  mode: z
    .enum(['Disabled', 'Secret', 'OperatorManaged'])
    .describe('Secret: certificates from a Secret of yours. OperatorManaged: issued and rotated by the operator.'),
  secretName: z.string().optional().describe('Secret with tls.crt, tls.key and ca.crt, for the mode Secret.'),
});

const tlsModes = z.object({
  peer: tls
    .extend({ mode: tls.shape.mode.default('OperatorManaged') })
    .prefault({})
    .describe('Between members.'),
  client: tls
    .extend({
      mode: tls.shape.mode.default('Disabled'),
      clientCertificates: z
        .enum(['None', 'Optional', 'Required'])
        .default('None')
        .describe('Whether clients show a certificate.'),
    })
    .prefault({})
    .describe('Between clients and members.'),
});

const restore = z.object({
  url: z.string().optional().describe('Where the snapshot is fetched: http or https.'),
  volume: z
    .object({
      claimName: z.string().min(1).describe('PersistentVolumeClaim in this namespace.'),
      path: z.string().min(1).describe('File in it.'),
    })
    .optional()
    .describe('A snapshot on a volume.'),
});

const quorumRecovery = z.object({
  mode: z
    .enum(['Never', 'Manual'])
    .default('Manual')
    .describe('Manual: offered in status when a quorum is lost, done when acknowledged.'),
  acknowledge: z
    .string()
    .optional()
    .describe('status.quorumRecovery.nonce, copied: consent to lose what only the lost members had.'),
  survivor: z
    .string()
    .optional()
    .describe('Name of the member to go on from; the most advanced one that answers when not given.'),
});

export const raftClusterSpec = z.object({
  replicas: z.int().min(0).max(9).default(3).describe('Voting members. 0 stops the pods and keeps every volume.'),
  readReplicas: z.int().min(0).max(20).default(0).describe('Members that follow and never vote.'),
  image: z.string().min(1).optional().describe("Image of the members; the operator's own when not given."),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent').describe('As in a Container.'),
  imagePullSecrets: z.array(localObject).default([]).describe('As in a Pod.'),
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/)
    .optional()
    .describe('Version that the image must have; the way from the running one is checked.'),
  progressDeadlineSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(600)
    .describe('After this long without progress the condition Progressing is False.'),
  storage: storage.prefault({}).describe("The members' volumes."),
  config: config.prefault({}).describe('Settings of the members.'),
  resources: z
    .object({
      requests: z.record(z.string(), z.union([z.string(), z.int()])).optional(),
      limits: z.record(z.string(), z.union([z.string(), z.int()])).optional(),
    })
    .prefault({ requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } })
    .describe("Of the member's container, as in a Container."),
  scheduling: scheduling.prefault({}).describe('Where the pods run.'),
  podTemplate: podTemplate.prefault({}).describe('What else the pods have.'),
  podSecurityContext: opaque.optional().describe('As in a Pod; given fields replace the restricted defaults.'),
  securityContext: opaque.optional().describe('As in a Container; given fields replace the restricted defaults.'),
  services: services.prefault({}).describe('Services that lead to the members.'),
  disruption: disruption.prefault({}).describe('How drains are kept from taking the quorum.'),
  healing: healing.prefault({}).describe('When lost members are replaced.'),
  updateStrategy: updateStrategy.prefault({}).describe('How changes reach the pods.'),
  monitoring: monitoring.prefault({}).describe('What Prometheus and Grafana are given.'),
  tls: tlsModes.prefault({}).describe('Encryption.'),
  bootstrap: z
    .object({ restore: restore.optional().describe('Form the cluster from a snapshot; exactly one source.') })
    .optional()
    .describe('How the cluster is formed, once. Cannot change.'),
  quorumRecovery: quorumRecovery.prefault({}).describe('What happens when a quorum is lost for good.'),
  paused: z.boolean().default(false).describe('The operator only observes.'),
  deletionProtection: z
    .boolean()
    .default(false)
    .describe('The operator keeps pods and volumes of a deleted RaftCluster until this is false.'),
  restartedAt: z.string().optional().describe('Change it (a time) to restart all pods in order.'),
});

export type RaftClusterSpec = z.output<typeof raftClusterSpec>;
/** As a user may write it. */
export type RaftClusterSpecInput = z.input<typeof raftClusterSpec>;
