/**
 * `spec` of a RaftCluster: the one source of its type, of the schema in the CRD and of `kubectl explain`. Defaults are
 * written into objects by the API server; parsing an object again gives the same. What the schema alone cannot refuse,
 * rules in CEL do: there is no webhook, so nothing that a user writes depends on an operator that runs.
 */
import { z } from 'zod';
import { listMap, quantityCompare, type Rule, rules } from './rules.ts';

const quantity = z
  .string()
  .max(20)
  .regex(/^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$/);

/** @param field as the message calls it */
function quantityBetween(field: string, min: string, max: string): typeof quantity {
  return quantity.meta(
    rules({
      rule: `${quantityCompare('self', '>=', `'${min}'`)} && ${quantityCompare('self', '<=', `'${max}'`)}`,
      message: `${field} must be from ${min} to ${max}`,
    }),
  );
}

/** A part of a core type that is handed to the pod as it is. */
const opaque = z.record(z.string(), z.unknown());
/** One of several of these, known by its name. */
const named = z.looseObject({ name: z.string().min(1).max(253).describe('Unique in this list.') });
const localObject = z.object({ name: z.string().min(1).max(253).describe('Of a Secret in this namespace.') });
const text = z.record(z.string(), z.string()).meta({ maxProperties: 64 });

const ownKey =
  "k.startsWith('quorate.dev/') || k == 'app.kubernetes.io/name' || k == 'app.kubernetes.io/instance' || k == 'app.kubernetes.io/managed-by'";
/** Labels or annotations. */
function foreignKeys(what: string): typeof text {
  return text.meta(
    rules({
      rule: `self.all(k, !(${ownKey}))`,
      message: `${what} quorate.dev/… and app.kubernetes.io/name, instance and managed-by belong to the operator`,
    }),
  );
}

const storage = z
  .object({
    size: quantityBetween('storage.size', '64Mi', '64Ti')
      .default('1Gi')
      .describe("Size of each member's volume. It can grow, never shrink."),
    storageClassName: z
      .string()
      .max(253)
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
  })
  .meta(
    rules(
      {
        rule: quantityCompare('self.size', '>=', 'oldSelf.size'),
        message: 'storage.size can grow, never shrink',
        fieldPath: '.size',
      },
      {
        rule: 'has(self.storageClassName) == has(oldSelf.storageClassName) && (!has(self.storageClassName) || self.storageClassName == oldSelf.storageClassName)',
        message: 'storage.storageClassName cannot change: restore a snapshot into a new RaftCluster instead',
      },
    ),
  );

const config = z
  .object({
    heartbeatIntervalMilliseconds: z
      .int()
      .min(10)
      .max(10_000)
      .default(100)
      .describe('How often a leader lets its followers know.'),
    electionTimeoutMilliseconds: z
      .int()
      .min(50)
      .max(60_000)
      .default(1000)
      .describe('How long a follower waits without a leader before it stands for election; at least five heartbeats.'),
    requestTimeoutMilliseconds: z
      .int()
      .min(100)
      .max(600_000)
      .default(5000)
      .describe('How long a request may take when it does not say so itself.'),
    maxRequestSize: quantityBetween('config.maxRequestSize', '1Ki', '64Mi')
      .default('1536Ki')
      .describe('Largest value or transaction.'),
    maxLogSize: quantityBetween('config.maxLogSize', '1Mi', '64Gi')
      .default('16Mi')
      .describe('The log is cut when it holds more than this. It is in memory, too.'),
    minFreeSpace: quantityBetween('config.minFreeSpace', '0', '512Gi')
      .optional()
      .describe(
        'With less space than this on the volume, writes that grow the store are refused, until there is half as much again. At most half of storage.size; when not given a tenth of it, at most 256Mi.',
      ),
    snapshotBytesPerSecond: quantityBetween('config.snapshotBytesPerSecond', '0', '100G')
      .default('64Mi')
      .describe('How fast a snapshot is sent to another member; 0 is no limit.'),
    autoCompactionRetentionMinutes: z
      .int()
      .min(0)
      .max(5_256_000)
      .default(60)
      .describe('How long old revisions are kept for reads and watches of the past; 0 keeps all.'),
    logLevel: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe("Least level of the members' log lines."),
  })
  .meta(
    rules({
      rule: 'self.electionTimeoutMilliseconds >= 5 * self.heartbeatIntervalMilliseconds',
      message: 'config.electionTimeoutMilliseconds must be at least 5 times config.heartbeatIntervalMilliseconds',
      fieldPath: '.electionTimeoutMilliseconds',
    }),
  );

const amounts = z
  .record(
    z.string(),
    z.union([z.string(), z.int()]).meta({
      'x-kubernetes-int-or-string': true,
      maxLength: 20,
      pattern: String.raw`^[0-9]+(\.[0-9]+)?(m|[kMGTP]i?)?$`,
    }),
  )
  .meta({ maxProperties: 16 });

const resources = z
  .object({
    requests: amounts.optional().describe('What a node must have for the member to run there.'),
    limits: amounts
      .optional()
      .describe(
        'What the member may not exceed. Half of the memory is for the heap; the rest for the store and buffers.',
      ),
  })
  .meta(
    rules(
      {
        rule: "!has(self.limits) || !('memory' in self.limits) || quantity(string(self.limits['memory'])).compareTo(quantity('128Mi')) >= 0",
        message: 'resources.limits.memory must be at least 128Mi: a member does not start with less',
      },
      {
        rule: "!has(self.limits) || !has(self.requests) || ['cpu', 'memory'].all(r, !(r in self.limits) || !(r in self.requests) || quantity(string(self.requests[r])).compareTo(quantity(string(self.limits[r]))) <= 0)",
        message: 'resources.requests must not exceed resources.limits',
      },
    ),
  );

const scheduling = z
  .object({
    defaults: z
      .enum(['Preferred', 'Required', 'None'])
      .default('Preferred')
      .describe(
        'Members on different nodes, spread over zones: preferred, required, or left to the fields below. Required needs nodes with the label topology.kubernetes.io/zone, or no pod finds a node; where nodes have none, set topologySpreadConstraints to [] beside it: then only different nodes are required.',
      ),
    nodeSelector: text.optional().describe('Labels that a node must have.'),
    affinity: z
      .object({
        nodeAffinity: opaque.optional().describe('As in a Pod.'),
        podAffinity: opaque.optional().describe('As in a Pod.'),
        podAntiAffinity: opaque.optional().describe('As in a Pod; replaces the default, that members are apart.'),
      })
      .optional()
      .describe('Affinity of the pods, as in a Pod.'),
    tolerations: z.array(opaque).max(64).optional().describe('Tolerations of the pods, as in a Pod.'),
    topologySpreadConstraints: z
      .array(opaque)
      .max(16)
      .optional()
      .describe('As in a Pod; replaces the default spread over zones.'),
    priorityClassName: z.string().max(253).optional().describe('Priority class of the pods.'),
  })
  .meta(
    rules({
      rule: "self.defaults != 'Required' || !has(self.affinity) || !has(self.affinity.podAntiAffinity)",
      message:
        'scheduling.affinity.podAntiAffinity replaces what scheduling.defaults: Required asks for: choose one of them',
      fieldPath: '.affinity',
    }),
  );

const podTemplate = z
  .object({
    labels: foreignKeys('labels').default({}).describe('More labels of the pods.'),
    annotations: foreignKeys('annotations').default({}).describe('More annotations of the pods.'),
    env: z
      .array(named)
      .max(64)
      .default([])
      .describe("More variables of the member's container, as in a Container.")
      .meta({
        ...listMap('name'),
        ...rules({
          rule: "self.all(e, !e.name.startsWith('QUORATE_') && !(e.name in ['POD_NAME', 'POD_NAMESPACE', 'NODE_OPTIONS']))",
          message:
            'variables QUORATE_…, POD_NAME, POD_NAMESPACE and NODE_OPTIONS belong to the operator: see spec.config',
        }),
      }),
    sidecars: z
      .array(named)
      .max(16)
      .default([])
      .describe('More containers, as in a Pod.')
      .meta({
        ...listMap('name'),
        ...rules({
          rule: "self.all(c, c.name != 'member' && !c.name.startsWith('quorate-'))",
          message: 'containers member and quorate-… belong to the operator',
        }),
      }),
    volumes: z
      .array(named)
      .max(32)
      .default([])
      .describe('More volumes, as in a Pod.')
      .meta({
        ...listMap('name'),
        ...rules({
          rule: "self.all(v, v.name != 'data' && !v.name.startsWith('quorate-'))",
          message: 'volumes data and quorate-… belong to the operator',
        }),
      }),
    volumeMounts: z
      .array(named.extend({ mountPath: z.string().min(1).max(1024).describe('Unique in this list.') }))
      .max(32)
      .default([])
      .describe("More mounts of the member's container, as in a Container.")
      .meta({
        ...listMap('mountPath'),
        ...rules({
          rule: "self.all(m, !['/data', '/etc/quorate', '/restore'].exists(p, m.mountPath == p || m.mountPath.startsWith(p + '/')))",
          message: 'paths below /data, /etc/quorate and /restore belong to the operator',
        }),
      }),
    serviceAccountName: z
      .string()
      .max(253)
      .optional()
      .describe('Service account of the pods; no token of it is mounted.'),
  })
  .meta(
    rules({
      rule: 'self.volumeMounts.all(m, self.volumes.exists(v, v.name == m.name))',
      message: 'podTemplate.volumeMounts must name volumes of podTemplate.volumes',
      fieldPath: '.volumeMounts',
    }),
  );

const services = z.object({
  client: z
    .object({
      type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP').describe('Type of the Service.'),
      annotations: foreignKeys('annotations').default({}).describe('Annotations of the Service.'),
    })
    .prefault({})
    .describe('Service NAME: every member that is ready.'),
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

const monitoringMode = z.enum(['Auto', 'Enabled', 'Disabled']);

const monitoring = z.object({
  podMonitor: monitoringMode
    .default('Auto')
    .describe('PodMonitor of the members. Auto: if the API server has the kind. Enabled: Degraded without it.'),
  prometheusRule: monitoringMode
    .default('Auto')
    .describe(
      'Alerts of this cluster. Auto: if the API server has the kind, and the chart does not bring them. Enabled: Degraded without it.',
    ),
  dashboards: monitoringMode
    .default('Auto')
    .describe(
      "GrafanaDashboard of this cluster's members. Auto: if the API server has the kind. Enabled: Degraded without it.",
    ),
});

const tls = z.object({
  mode: z
    .enum(['Disabled', 'Secret', 'OperatorManaged'])
    .describe(
      'Secret: certificates from a Secret of yours. OperatorManaged: issued and rotated by the operator. Cannot change.',
    ),
  secretName: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe('Secret with tls.crt, tls.key and ca.crt, for the mode Secret.'),
});

/** Members of two modes could not talk to each other while the change rolls. */
function tlsRules(use: 'peer' | 'client'): readonly Rule[] {
  return [
    {
      rule: "has(self.secretName) == (self.mode == 'Secret')",
      message: `tls.${use}.secretName belongs to the mode Secret: give it there, and only there`,
    },
    {
      rule: 'self.mode == oldSelf.mode',
      message: `tls.${use}.mode cannot change: restore a snapshot into a new RaftCluster instead`,
      fieldPath: '.mode',
    },
  ];
}

const tlsModes = z.object({
  peer: tls
    .extend({ mode: tls.shape.mode.default('OperatorManaged') })
    .meta(rules(...tlsRules('peer')))
    .prefault({})
    .describe('Between members.'),
  client: tls
    .extend({
      mode: tls.shape.mode.default('Disabled'),
      clientCertificates: z
        .enum(['None', 'Optional', 'Required'])
        .default('None')
        .describe('Whether clients show a certificate. One who does may make administrative calls.'),
    })
    .meta(
      rules(...tlsRules('client'), {
        rule: "self.mode != 'Disabled' || self.clientCertificates == 'None'",
        message: 'tls.client.clientCertificates needs a tls.client.mode other than Disabled',
        fieldPath: '.clientCertificates',
      }),
    )
    .prefault({})
    .describe('Between clients and members.'),
});

const restore = z
  .object({
    url: z
      .string()
      .max(2048)
      .regex(/^https?:\/\/.+$/)
      .optional()
      .describe('Where the snapshot is fetched: http or https.'),
    volume: z
      .object({
        claimName: z
          .string()
          .min(1)
          .max(253)
          .describe('PersistentVolumeClaim in this namespace, mounted read-only by all founders.'),
        path: z
          .string()
          .min(1)
          .max(1024)
          .describe('File in it, from its root.')
          .meta(
            rules({
              rule: "!self.startsWith('/') && !self.split('/').exists(p, p == '..')",
              message: 'bootstrap.restore.volume.path must be relative and have no ..',
            }),
          ),
      })
      .optional()
      .describe('A snapshot on a volume.'),
  })
  .meta(
    rules({
      rule: 'has(self.url) != has(self.volume)',
      message: 'bootstrap.restore needs exactly one of url and volume',
    }),
  );

const bootstrap = z.object({ restore: restore.describe('Form the cluster from a snapshot; exactly one source.') });

const quorumRecovery = z
  .object({
    mode: z
      .enum(['Never', 'Manual'])
      .default('Manual')
      .describe('Manual: offered in status when a quorum is lost, done when acknowledged.'),
    acknowledge: z
      .string()
      .max(64)
      .optional()
      .describe('status.quorumRecovery.nonce, copied: consent to lose what only the lost members had.'),
    survivor: z
      .string()
      .max(63)
      .optional()
      .describe('Name of the member to go on from; the most advanced one that answers when not given.'),
  })
  .meta(
    rules(
      {
        rule: "self.mode == 'Manual' || !has(self.acknowledge)",
        message: 'quorumRecovery.acknowledge needs the mode Manual',
        fieldPath: '.acknowledge',
      },
      {
        rule: 'has(self.acknowledge) || !has(self.survivor)',
        message: 'quorumRecovery.survivor needs quorumRecovery.acknowledge: it is part of the consent',
        fieldPath: '.survivor',
      },
    ),
  );

export const raftClusterSpec = z
  .object({
    replicas: z.int().min(0).max(9).default(3).describe('Voting members. 0 stops the pods and keeps every volume.'),
    readReplicas: z.int().min(0).max(20).default(0).describe('Members that follow and never vote.'),
    image: z.string().min(1).max(1024).optional().describe("Image of the members; the operator's own when not given."),
    imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent').describe('As in a Container.'),
    imagePullSecrets: z.array(localObject).max(16).default([]).describe('As in a Pod.').meta(listMap('name')),
    version: z
      .string()
      .max(64)
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
    resources: resources
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
    bootstrap: bootstrap.optional().describe('How the cluster is formed, once; empty when not given. Cannot change.'),
    quorumRecovery: quorumRecovery.prefault({}).describe('What happens when a quorum is lost for good.'),
    paused: z.boolean().default(false).describe('The operator only observes.'),
    deletionProtection: z
      .boolean()
      .default(false)
      .describe('The operator keeps pods and volumes of a deleted RaftCluster until this is false.'),
    restartedAt: z.iso
      .datetime({ offset: true })
      .max(64)
      .optional()
      .describe('Change it (a time, RFC 3339) to restart all pods in order.'),
  })
  .meta(
    rules(
      {
        rule: 'has(self.bootstrap) == has(oldSelf.bootstrap) && (!has(self.bootstrap) || self.bootstrap == oldSelf.bootstrap)',
        message: 'bootstrap cannot change: a cluster is formed once',
      },
      {
        // Writes go on again at one and a half times of it, which a file system of that size must be able to have free.
        rule: '!has(self.config.minFreeSpace) || quantity(self.config.minFreeSpace).add(quantity(self.config.minFreeSpace)).compareTo(quantity(self.storage.size)) <= 0',
        message: 'config.minFreeSpace must be at most half of storage.size',
        fieldPath: '.config.minFreeSpace',
      },
    ),
  );

/** Of the whole object. */
export const raftClusterRules: Record<string, unknown> = rules(
  {
    rule: "self.metadata.name.size() <= 45 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message:
      'metadata.name must be at most 45 lowercase letters, digits and hyphens and begin with a letter: Services and pods are named after it',
  },
  {
    rule: "!['-read', '-leader', '-peers'].exists(s, self.metadata.name.endsWith(s))",
    message:
      'metadata.name must not end in -read, -leader or -peers: the Services of another RaftCluster may be named so',
  },
);

export type RaftClusterSpec = z.output<typeof raftClusterSpec>;
/** As a user may write it. */
export type RaftClusterSpecInput = z.input<typeof raftClusterSpec>;
