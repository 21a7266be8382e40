/** Example clusters, and arbitrary valid specs for property tests. */
import fc from 'fast-check';
import { type RaftClusterSpecInput, raftClusterSpec } from '../../api/spec.ts';
import type { RaftCluster, RaftClusterSpec, RaftClusterStatus } from '../../api/types.ts';
import type { Shape } from '../../decide/types.ts';
import type { ResourceContext } from '../types.ts';

export function clusterOf(spec: RaftClusterSpecInput = {}, status: RaftClusterStatus = {}): RaftCluster {
  return {
    apiVersion: 'quorate.dev/v1',
    kind: 'RaftCluster',
    metadata: {
      name: 'db',
      namespace: 'apps',
      uid: '11111111-2222-3333-4444-555555555555',
      resourceVersion: '7',
      generation: 1,
      creationTimestamp: '2026-01-02T03:04:00Z',
    },
    spec: raftClusterSpec.parse(spec),
    status,
  };
}

export const shape: Shape = {
  image: 'quorate:1.0.0',
  setReplicas: { Voters: 3, Readers: 0 },
  minAvailable: 2,
  roleLabels: {},
  leaderPod: null,
  mayApply: true,
};

export const nothingLive: ResourceContext = {
  sets: { Voters: null, Readers: null },
  leader: null,
  hasPodMonitors: true,
  hasPrometheusRules: true,
  hasGrafanaDashboards: true,
  chartBringsAlerts: false,
};

const size = (min: number, max: number): fc.Arbitrary<string> => fc.integer({ min, max }).map((mib) => `${mib}Mi`);
const word = fc.stringMatching(/^[a-z]([a-z0-9]{0,8}[a-z0-9])?$/);
const text = fc.dictionary(word, word, { maxKeys: 3 });
const tls = fc.constantFrom(
  { mode: 'Disabled' as const },
  { mode: 'OperatorManaged' as const },
  { mode: 'Secret' as const, secretName: 'mine' },
);
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });

/** Specs that also satisfy the CEL rules of the CRD, which `raftClusterSpec.parse` does not check. */
export const anySpec: fc.Arbitrary<RaftClusterSpec> = fc
  .record(
    {
      replicas: fc.integer({ min: 0, max: 9 }),
      readReplicas: fc.integer({ min: 0, max: 20 }),
      imagePullPolicy: fc.constantFrom('Always', 'IfNotPresent', 'Never'),
      imagePullSecrets: fc.uniqueArray(word, { maxLength: 2 }).map((names) => names.map((name) => ({ name }))),
      storage: fc.record({ size: size(64, 100_000) }),
      config: fc.record(
        {
          heartbeatIntervalMilliseconds: fc.integer({ min: 10, max: 10_000 }),
          requestTimeoutMilliseconds: fc.integer({ min: 100, max: 600_000 }),
          maxRequestSize: fc.oneof(size(1, 64), fc.constant('1Ki')),
          maxLogSize: fc.oneof(size(1, 65_536), fc.constant('1048577')),
          minFreeSpace: fc.oneof(size(0, 32), fc.constant('0')),
          snapshotBytesPerSecond: fc.oneof(size(0, 1000), fc.constant('0')),
          autoCompactionRetentionMinutes: fc.integer({ min: 0, max: 5_256_000 }),
          logLevel: fc.constantFrom('debug', 'info', 'warn', 'error'),
        },
        { requiredKeys: [] },
      ),
      resources: fc.record(
        { limits: fc.record({ memory: size(128, 65_536) }), requests: fc.record({ cpu: fc.constantFrom('10m', 1) }) },
        { requiredKeys: [] },
      ),
      scheduling: fc.record(
        {
          defaults: fc.constantFrom('Preferred', 'Required', 'None'),
          nodeSelector: text,
          tolerations: fc.constant([{ key: 'a', operator: 'Exists' }]),
          topologySpreadConstraints: fc.constantFrom(
            [],
            [{ maxSkew: 2, topologyKey: 'rack', whenUnsatisfiable: 'ScheduleAnyway' }],
          ),
          priorityClassName: word,
        },
        { requiredKeys: [] },
      ),
      podTemplate: fc.record(
        {
          labels: text,
          annotations: text,
          env: fc.constant([{ name: 'TZ', value: 'UTC' }]),
          sidecars: fc.constant([{ name: 'proxy', image: 'proxy:1' }]),
          volumes: fc.constant([{ name: 'scratch', emptyDir: {} }]),
          serviceAccountName: word,
        },
        { requiredKeys: [] },
      ),
      services: fc.record(
        {
          client: fc.record({ type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer'), annotations: text }),
          leader: fc.record({ enabled: fc.boolean() }),
          readOnly: fc.record({ enabled: fc.boolean() }),
        },
        { requiredKeys: [] },
      ),
      tls: fc
        .tuple(tls, tls, fc.constantFrom('None', 'Optional', 'Required'))
        .map(([peer, client, clientCertificates]) => ({
          peer,
          client: client.mode === 'Disabled' ? client : { ...client, clientCertificates },
        })),
      bootstrap: fc.constantFrom(
        { restore: { url: 'https://example.com/s' } },
        { restore: { volume: { claimName: 'backups', path: 'a/s' } } },
      ),
      restartedAt: optional(fc.constant('2026-01-02T03:04:05Z')),
    },
    { requiredKeys: [] },
  )
  .map((input) => {
    const heartbeat = input.config?.heartbeatIntervalMilliseconds ?? 100;
    const volumes = input.podTemplate?.volumes ?? [];
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    const podTemplate = { ...input.podTemplate, volumeMounts };
    const config = { ...input.config, electionTimeoutMilliseconds: Math.max(50, heartbeat * 5) };
    const given = Object.fromEntries(
      Object.entries({ ...input, config, podTemplate }).filter(([, value]) => value !== undefined),
    );
    return raftClusterSpec.parse(given);
  });
