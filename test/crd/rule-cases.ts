/** For every rule of the CRD, by its message: what it lets pass, and what it refuses. */
import type { RaftClusterSpecInput } from '../../operator/api/types.ts';

export type RuleCase = {
  readonly rule: string;
  /** Of an object that is there before; absent for what is asked on create. */
  readonly before?: RaftClusterSpecInput;
  readonly accepted: RaftClusterSpecInput;
  readonly rejected: RaftClusterSpecInput;
  /** Names instead of specs. */
  readonly names?: { readonly accepted: readonly string[]; readonly rejected: readonly string[] };
};

const secretTls = { mode: 'Secret', secretName: 'mine' } as const;
const fromUrl = { restore: { url: 'https://example.com/snapshot' } } as const;
const fromVolume = (path: string) => ({ restore: { volume: { claimName: 'backups', path } } });
const named = (name: string) => ({ name });
const scratch = { name: 'scratch', emptyDir: {} };

const reserved = 'quorate.dev/… and app.kubernetes.io/name, instance and managed-by belong to the operator';

export const ruleCases: readonly RuleCase[] = [
  {
    rule: 'metadata.name must be at most 45 lowercase letters, digits and hyphens and begin with a letter: Services and pods are named after it',
    accepted: {},
    rejected: {},
    names: { accepted: ['a', 'a'.repeat(45), 'a-1'], rejected: ['a'.repeat(46), '1a', 'a.b'] },
  },
  {
    rule: 'metadata.name must not end in -read, -leader or -peers: the Services of another RaftCluster may be named so',
    accepted: {},
    rejected: {},
    names: { accepted: ['read', 'a-reader'], rejected: ['a-read', 'a-leader', 'a-peers'] },
  },
  {
    rule: 'storage.size must be from 64Mi to 64Ti',
    accepted: { storage: { size: '1536Mi' } },
    rejected: { storage: { size: '1Mi' } },
  },
  {
    rule: 'storage.size can grow, never shrink',
    before: { storage: { size: '2Gi' } },
    accepted: { storage: { size: '2.5Gi' } },
    rejected: { storage: { size: '2047Mi' } },
  },
  {
    rule: 'storage.storageClassName cannot change: restore a snapshot into a new RaftCluster instead',
    before: { storage: { storageClassName: 'fast' } },
    accepted: { storage: { storageClassName: 'fast', size: '2Gi' } },
    rejected: { storage: { storageClassName: 'slow' } },
  },
  {
    rule: 'storage.storageClassName cannot change: restore a snapshot into a new RaftCluster instead',
    before: {},
    accepted: { storage: { size: '2Gi' } },
    rejected: { storage: { storageClassName: 'fast' } },
  },
  {
    rule: 'storage.storageClassName cannot change: restore a snapshot into a new RaftCluster instead',
    before: { storage: { storageClassName: 'fast' } },
    accepted: { storage: { storageClassName: 'fast' } },
    rejected: {},
  },
  {
    rule: 'config.electionTimeoutMilliseconds must be at least 5 times config.heartbeatIntervalMilliseconds',
    accepted: { config: { heartbeatIntervalMilliseconds: 200, electionTimeoutMilliseconds: 1000 } },
    rejected: { config: { heartbeatIntervalMilliseconds: 201, electionTimeoutMilliseconds: 1000 } },
  },
  {
    rule: 'config.maxRequestSize must be from 1Ki to 64Mi',
    accepted: { config: { maxRequestSize: '64Mi' } },
    rejected: { config: { maxRequestSize: '65Mi' } },
  },
  {
    rule: 'config.maxLogSize must be from 1Mi to 64Gi',
    accepted: { config: { maxLogSize: '1Mi' } },
    rejected: { config: { maxLogSize: '1000k' } },
  },
  {
    rule: 'config.minFreeSpace must be from 0 to 512Gi',
    accepted: { config: { minFreeSpace: '0' } },
    rejected: { config: { minFreeSpace: '513Gi' }, storage: { size: '2Ti' } },
  },
  {
    rule: 'config.minFreeSpace must be at most half of storage.size',
    accepted: { config: { minFreeSpace: '512Mi' } },
    rejected: { config: { minFreeSpace: '513Mi' } },
  },
  {
    rule: 'config.snapshotBytesPerSecond must be from 0 to 100G',
    accepted: { config: { snapshotBytesPerSecond: '0' } },
    rejected: { config: { snapshotBytesPerSecond: '101G' } },
  },
  {
    rule: 'resources.limits.memory must be at least 128Mi: a member does not start with less',
    accepted: { resources: { limits: { memory: '128Mi', cpu: 1 } } },
    rejected: { resources: { limits: { memory: '127Mi' } } },
  },
  {
    rule: 'resources.requests must not exceed resources.limits',
    accepted: { resources: { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: 1, memory: '1Gi' } } },
    rejected: { resources: { requests: { cpu: '1500m' }, limits: { cpu: 1 } } },
  },
  {
    rule: 'scheduling.affinity.podAntiAffinity replaces what scheduling.defaults: Required asks for: choose one of them',
    accepted: { scheduling: { defaults: 'Required', affinity: { nodeAffinity: {} } } },
    rejected: { scheduling: { defaults: 'Required', affinity: { podAntiAffinity: {} } } },
  },
  {
    rule: `labels ${reserved}`,
    accepted: { podTemplate: { labels: { team: 'a', 'app.kubernetes.io/part-of': 'shop' } } },
    rejected: { podTemplate: { labels: { 'quorate.dev/role': 'voter' } } },
  },
  {
    rule: `annotations ${reserved}`,
    accepted: { podTemplate: { annotations: { note: 'a' } } },
    rejected: { podTemplate: { annotations: { 'quorate.dev/template-hash': 'x' } } },
  },
  {
    rule: `annotations ${reserved}`,
    accepted: { services: { client: { annotations: { note: 'a' } } } },
    rejected: { services: { client: { annotations: { 'quorate.dev/applied-hash': 'x' } } } },
  },
  {
    rule: 'variables QUORATE_…, POD_NAME, POD_NAMESPACE and NODE_OPTIONS belong to the operator: see spec.config',
    accepted: { podTemplate: { env: [{ name: 'TZ', value: 'UTC' }] } },
    rejected: { podTemplate: { env: [{ name: 'QUORATE_DATA_DIR', value: '/' }] } },
  },
  {
    rule: 'containers member and quorate-… belong to the operator',
    accepted: { podTemplate: { sidecars: [{ name: 'proxy', image: 'proxy' }] } },
    rejected: { podTemplate: { sidecars: [{ name: 'member', image: 'mine' }] } },
  },
  {
    rule: 'volumes data and quorate-… belong to the operator',
    accepted: { podTemplate: { volumes: [{ name: 'scratch', emptyDir: {} }] } },
    rejected: { podTemplate: { volumes: [{ name: 'data', emptyDir: {} }] } },
  },
  {
    rule: 'paths below /data, /etc/quorate and /restore belong to the operator',
    accepted: { podTemplate: { volumes: [scratch], volumeMounts: [{ ...named('scratch'), mountPath: '/database' }] } },
    rejected: { podTemplate: { volumes: [scratch], volumeMounts: [{ ...named('scratch'), mountPath: '/data/log' }] } },
  },
  {
    rule: 'podTemplate.volumeMounts must name volumes of podTemplate.volumes',
    accepted: { podTemplate: { volumes: [scratch], volumeMounts: [{ ...named('scratch'), mountPath: '/a' }] } },
    rejected: { podTemplate: { volumes: [scratch], volumeMounts: [{ ...named('other'), mountPath: '/a' }] } },
  },
  ...(['peer', 'client'] as const).flatMap((use): readonly RuleCase[] => [
    {
      rule: `tls.${use}.secretName belongs to the mode Secret: give it there, and only there`,
      accepted: { tls: { [use]: secretTls } },
      rejected: { tls: { [use]: { mode: 'Secret' } } },
    },
    {
      rule: `tls.${use}.secretName belongs to the mode Secret: give it there, and only there`,
      accepted: { tls: { [use]: { mode: 'Disabled' } } },
      rejected: { tls: { [use]: { mode: 'OperatorManaged', secretName: 'mine' } } },
    },
    {
      rule: `tls.${use}.mode cannot change: restore a snapshot into a new RaftCluster instead`,
      before: { tls: { [use]: secretTls } },
      accepted: { tls: { [use]: { mode: 'Secret', secretName: 'another' } } },
      rejected: { tls: { [use]: { mode: 'OperatorManaged' } } },
    },
  ]),
  {
    rule: 'tls.client.clientCertificates needs a tls.client.mode other than Disabled',
    accepted: { tls: { client: { mode: 'OperatorManaged', clientCertificates: 'Required' } } },
    rejected: { tls: { client: { clientCertificates: 'Optional' } } },
  },
  {
    rule: 'bootstrap cannot change: a cluster is formed once',
    before: { bootstrap: fromUrl },
    accepted: { bootstrap: fromUrl, replicas: 5 },
    rejected: { bootstrap: { restore: { url: 'https://example.com/other' } } },
  },
  {
    rule: 'bootstrap cannot change: a cluster is formed once',
    before: {},
    accepted: { replicas: 5 },
    rejected: { bootstrap: fromUrl },
  },
  {
    rule: 'bootstrap.restore needs exactly one of url and volume',
    accepted: { bootstrap: fromVolume('a/snapshot') },
    rejected: { bootstrap: { restore: { ...fromUrl.restore, ...fromVolume('a').restore } } },
  },
  {
    rule: 'bootstrap.restore needs exactly one of url and volume',
    accepted: { bootstrap: fromUrl },
    rejected: { bootstrap: { restore: {} } },
  },
  {
    rule: 'bootstrap.restore.volume.path must be relative and have no ..',
    accepted: { bootstrap: fromVolume('a..b/snapshot') },
    rejected: { bootstrap: fromVolume('a/../../b') },
  },
  {
    rule: 'quorumRecovery.acknowledge needs the mode Manual',
    accepted: { quorumRecovery: { mode: 'Manual', acknowledge: 'n' } },
    rejected: { quorumRecovery: { mode: 'Never', acknowledge: 'n' } },
  },
  {
    rule: 'quorumRecovery.survivor needs quorumRecovery.acknowledge: it is part of the consent',
    accepted: { quorumRecovery: { acknowledge: 'n', survivor: 'db-1' } },
    rejected: { quorumRecovery: { survivor: 'db-1' } },
  },
];

/** What types, bounds and patterns refuse: no rule, but no less said by the schema. By the field that is named. */
export const refusedBySchema: readonly (readonly [string, unknown])[] = [
  ['spec.replicas', { replicas: 10 }],
  ['spec.readReplicas', { readReplicas: -1 }],
  ['spec.version', { version: 'v1' }],
  ['spec.storage.size', { storage: { size: '1 GB' } }],
  ['spec.resources.limits.memory', { resources: { limits: { memory: 'much' } } }],
  ['spec.restartedAt', { restartedAt: 'yesterday' }],
  ['spec.monitoring.dashboards', { monitoring: { dashboards: 'enabled' } }],
  ['spec.updateStrategy.type', { updateStrategy: { type: 'RollingUpdate' } }],
  ['spec.bootstrap.restore', { bootstrap: {} }],
  ['spec.bootstrap.restore.url', { bootstrap: { restore: { url: 'ftp://example.com' } } }],
  ['spec.config.heartbeatIntervalMilliseconds', { config: { heartbeatIntervalMilliseconds: 1 } }],
];
