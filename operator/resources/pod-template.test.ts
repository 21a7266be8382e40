import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../node/config/parse-config.ts';
import { annotations, labels, memberContainer } from '../api/names.ts';
import type { RaftClusterSpecInput } from '../api/spec.ts';
import type { RaftCluster } from '../api/types.ts';
import { gracePeriodSeconds, memberArguments, prestopTimeoutSeconds, stopTimeoutSeconds } from './member-arguments.ts';
import { type PodTemplate, podTemplate, templateHash } from './pod-template.ts';
import { anySpec, clusterOf, shape } from './testing/specs.ts';

type PodSpec = NonNullable<PodTemplate['spec']>;

function podOf(spec: RaftClusterSpecInput = {}, status: RaftCluster['status'] = {}): PodSpec {
  return podTemplate(clusterOf(spec, status), shape, 'Voters').spec!;
}

function memberOf({ containers }: PodSpec): PodSpec['containers'][number] {
  return containers.find(({ name }) => name === memberContainer)!;
}

const hash = (cluster: RaftCluster, image = 'quorate:1.0.0'): string => templateHash(cluster, { image }, 'Voters');

/** The configuration that a member reads from these arguments after the kubelet has filled in the pod's name. */
function configOf(args: readonly string[]): ReturnType<typeof parseConfig> {
  const flags: Record<string, string | boolean> = {};
  for (const arg of args.slice(1)) {
    const [, flag = '', value] = /^--([a-z-]+)(?:=(.*))?$/.exec(arg)!;
    flags[flag] = value?.replaceAll('$(POD_NAME)', 'db-0').replaceAll('$(POD_NAMESPACE)', 'apps') ?? true;
  }
  return parseConfig(flags as Parameters<typeof parseConfig>[0], {}, () => '');
}

test('whatever the spec, a member understands its settings', () => {
  fc.assert(
    fc.property(anySpec, (spec) => {
      const config = configOf(memberArguments({ ...clusterOf({}), spec }));
      assert.equal(config.electionTimeoutMs, spec.config.electionTimeoutMilliseconds);
      assert.equal(config.peerTls === null, spec.tls.peer.mode === 'Disabled');
      assert.equal(config.clientTls === null, spec.tls.client.mode === 'Disabled');
      assert.equal(config.clientTls?.requireClientCert ?? false, spec.tls.client.clientCertificates === 'Required');
      assert.ok(config.minFreeBytes <= config.resumeFreeBytes);
    }),
  );
});

test('the reserve of free space follows the volume, up to a quarter of a gibibyte', () => {
  const reserve = (spec: RaftClusterSpecInput): number => configOf(memberArguments(clusterOf(spec))).minFreeBytes;
  assert.equal(reserve({ storage: { size: '640Mi' } }), 64 * 2 ** 20);
  assert.equal(reserve({ storage: { size: '100Gi' } }), 256 * 2 ** 20);
  assert.equal(reserve({ config: { minFreeSpace: '5Mi' } }), 5 * 2 ** 20);
});

test('a pod holds to the restricted Pod Security Standard', () => {
  const pod = podOf();
  assert.equal(pod.securityContext?.runAsNonRoot, true);
  assert.equal(pod.securityContext?.fsGroup, 65532);
  assert.equal(pod.securityContext?.seccompProfile?.type, 'RuntimeDefault');
  const { securityContext } = memberOf(pod);
  assert.equal(securityContext?.allowPrivilegeEscalation, false);
  assert.equal(securityContext?.readOnlyRootFilesystem, true);
  assert.deepEqual(securityContext?.capabilities?.drop, ['ALL']);
  assert.equal(pod.automountServiceAccountToken, false);
  assert.equal(pod.enableServiceLinks, false);
});

test('given fields of a security context replace the defaults, the others stay', () => {
  const pod = podOf({ podSecurityContext: { runAsUser: 1000 }, securityContext: { readOnlyRootFilesystem: false } });
  assert.equal(pod.securityContext?.runAsUser, 1000);
  assert.equal(pod.securityContext?.runAsNonRoot, true);
  assert.equal(memberOf(pod).securityContext?.readOnlyRootFilesystem, false);
  assert.deepEqual(memberOf(pod).securityContext?.capabilities?.drop, ['ALL']);
});

test('the grace period is longer than the wait before a stop and the stop', () => {
  assert.ok(gracePeriodSeconds > prestopTimeoutSeconds + stopTimeoutSeconds);
  assert.equal(podOf().terminationGracePeriodSeconds, gracePeriodSeconds);
});

test('the heap follows the limit of memory, and is left alone without one', () => {
  const variable = (spec: RaftClusterSpecInput): string | undefined =>
    memberOf(podOf(spec)).env?.find(({ name }) => name === 'NODE_OPTIONS')?.value;
  assert.equal(variable({ resources: { limits: { memory: '2Gi' } } }), '--max-old-space-size=1024');
  assert.equal(variable({ resources: { limits: { memory: '128Mi' } } }), '--max-old-space-size=64');
  assert.equal(variable({ resources: {} }), undefined);
});

test("the client in a member's container asks that member, and no port that is not for clients", () => {
  const endpoints = (spec: RaftClusterSpecInput): string | undefined =>
    memberOf(podOf(spec)).env?.find(({ name }) => name === 'QUORATE_ENDPOINTS')?.value;
  assert.equal(endpoints({}), 'http://localhost:2379');
  assert.equal(endpoints({ tls: { client: { mode: 'OperatorManaged' } } }), 'https://localhost:2379');
});

test('what belongs to the operator wins over what the user adds', () => {
  const cluster = clusterOf();
  const { labels: reserved } = podTemplate(cluster, shape, 'Voters').metadata!;
  const podTemplateOf = { labels: { ...reserved, [labels.cluster]: 'another', team: 'a' } };
  // The current CRD rejects such labels, but an older version of it may have accepted them.
  const forced = {
    ...cluster,
    spec: { ...cluster.spec, podTemplate: { ...cluster.spec.podTemplate, ...podTemplateOf } },
  };
  const made = podTemplate(forced, shape, 'Voters').metadata?.labels;
  assert.equal(made?.[labels.cluster], 'db');
  assert.equal(made?.['team'], 'a');
});

test('sidecars, variables, volumes, mounts and scheduling have their effect', () => {
  const pod = podOf({
    imagePullSecrets: [{ name: 'registry' }],
    podTemplate: {
      env: [{ name: 'TZ', value: 'UTC' }],
      sidecars: [{ name: 'proxy', image: 'proxy:1' }],
      volumes: [{ name: 'scratch', emptyDir: {} }],
      volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
      serviceAccountName: 'mine',
    },
    scheduling: {
      nodeSelector: { disk: 'fast' },
      tolerations: [{ key: 'a', operator: 'Exists' }],
      priorityClassName: 'high',
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
    },
  });
  assert.deepEqual(pod.imagePullSecrets, [{ name: 'registry' }]);
  assert.ok(memberOf(pod).env?.some(({ name }) => name === 'TZ'));
  assert.ok(pod.containers.some(({ name }) => name === 'proxy'));
  assert.ok(pod.volumes?.some(({ name }) => name === 'scratch'));
  assert.ok(memberOf(pod).volumeMounts?.some(({ mountPath }) => mountPath === '/scratch'));
  assert.equal(pod.serviceAccountName, 'mine');
  assert.deepEqual(pod.nodeSelector, { disk: 'fast' });
  assert.equal(pod.tolerations?.length, 1);
  assert.equal(pod.priorityClassName, 'high');
  assert.ok(pod.affinity?.nodeAffinity !== undefined && pod.affinity.podAntiAffinity !== undefined);
});

test('members are apart as the scheduling defaults say', () => {
  const required = podOf({ scheduling: { defaults: 'Required' } });
  assert.equal(required.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.length, 1);
  assert.equal(required.topologySpreadConstraints?.[0]?.whenUnsatisfiable, 'DoNotSchedule');
  const withoutZones = podOf({ scheduling: { defaults: 'Required', topologySpreadConstraints: [] } });
  assert.deepEqual(withoutZones.affinity, required.affinity);
  assert.equal(withoutZones.topologySpreadConstraints, undefined, 'where nodes have no zones, none asks for them');
  const none = podOf({ scheduling: { defaults: 'None' } });
  assert.equal(none.affinity, undefined);
  assert.equal(none.topologySpreadConstraints, undefined);
});

test('certificates are mounted from the Secret of the mode', () => {
  const secrets = (spec: RaftClusterSpecInput): (string | undefined)[] | undefined =>
    podOf(spec).volumes?.map(({ secret }) => secret?.secretName);
  assert.deepEqual(secrets({}), ['db-admin-token', 'db-peer-tls']);
  assert.deepEqual(secrets({ tls: { peer: { mode: 'Disabled' } } }), ['db-admin-token']);
  assert.deepEqual(secrets({ tls: { client: { mode: 'Secret', secretName: 'mine' } } }), [
    'db-admin-token',
    'db-peer-tls',
    'mine',
  ]);
});

test('the founders of a restored cluster get the snapshot, and nobody after that', () => {
  const bootstrap = { restore: { volume: { claimName: 'backups', path: 'a' } } };
  assert.ok(
    podOf({ bootstrap }).volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === 'backups'),
  );
  assert.deepEqual(podOf({ bootstrap }, { hasFormed: true }), podOf());
  const fetched = podOf({ bootstrap: { restore: { url: 'https://example.com/s' } } });
  assert.deepEqual(fetched.initContainers?.[0]?.args?.slice(0, 2), ['snapshot', 'fetch']);
  const folder = fetched.volumes?.find(({ name }) => name === 'quorate-restore')?.emptyDir;
  assert.deepEqual(folder, { sizeLimit: '1Gi' }, 'a download does not fill the disk of its node');
  const readers = podTemplate(clusterOf({ bootstrap }), shape, 'Readers').spec;
  assert.ok(!readers?.volumes?.some(({ name }) => name === 'quorate-restore'));
});

test('pods carry the hash of their template', () => {
  const { metadata } = podTemplate(clusterOf(), shape, 'Voters');
  assert.equal(metadata?.annotations?.[annotations.templateHash], hash(clusterOf()));
  assert.notEqual(hash(clusterOf()), templateHash(clusterOf(), shape, 'Readers'));
});

test('what pods are made of changes the hash, and restarts them', () => {
  const changes: readonly RaftClusterSpecInput[] = [
    { restartedAt: '2026-01-02T03:04:05Z' },
    { config: { logLevel: 'debug' } },
    { config: { minFreeSpace: '1Mi' } },
    { resources: { limits: { memory: '2Gi' } } },
    { podTemplate: { labels: { team: 'a' } } },
    { podSecurityContext: { runAsUser: 1 } },
    { tls: { client: { mode: 'OperatorManaged' } } },
    { scheduling: { defaults: 'None' } },
    { imagePullPolicy: 'Always' },
  ];
  const hashes = changes.map((spec) => hash(clusterOf(spec)));
  assert.equal(new Set([hash(clusterOf()), ...hashes]).size, changes.length + 1);
  assert.notEqual(hash(clusterOf(), 'quorate:2'), hash(clusterOf()));
});

test('what pods are not made of changes nothing', () => {
  const changes: readonly RaftClusterSpecInput[] = [
    { replicas: 5, readReplicas: 2 },
    { storage: { size: '2Gi', reclaimPolicy: 'Delete' } },
    { paused: true, deletionProtection: true },
    { services: { client: { type: 'NodePort' } } },
    { healing: { mode: 'Disabled' }, disruption: { mode: 'Disabled' }, updateStrategy: { type: 'Manual' } },
    { bootstrap: { restore: { url: 'https://example.com/s' } } },
    { version: '1.0.0' },
  ];
  for (const spec of changes) assert.equal(hash(clusterOf(spec)), hash(clusterOf()), JSON.stringify(spec));
  const other = clusterOf();
  const moved = { ...other, status: { hasFormed: true }, metadata: { ...other.metadata, generation: 9 } };
  assert.equal(hash(moved), hash(other));
});
