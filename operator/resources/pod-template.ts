/** The pod template of a StatefulSet. */
import * as names from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { Shape } from '../decide/types.ts';
import type { StatefulSet } from '../kube/kinds.ts';
import { clusterLabels } from './child-meta.ts';
import { hashOf } from './hash.ts';
import { heapOptions } from './heap.ts';
import { clientScheme, gracePeriodSeconds, memberArguments, paths, prestopKey } from './member-arguments.ts';
import { probes } from './probes.ts';
import { nothingToRestore, type RestoreParts, restoreParts } from './restore.ts';
import { scheduling } from './scheduling.ts';

export type PodTemplate = NonNullable<StatefulSet['spec']>['template'];
type PodSpec = NonNullable<PodTemplate['spec']>;
type Container = PodSpec['containers'][number];
type Volume = NonNullable<PodSpec['volumes']>[number];
type TemplateShape = Pick<Shape, 'image'>;

/**
 * The hash that each pod carries as an annotation; a pod with a different hash is outdated and will be restarted. The
 * hash leaves out what is not worth a restart: the parts for a restore, which only founding members need, and settings
 * derived from the volume's size, which a member picks up at its next restart.
 */
export function templateHash(cluster: RaftCluster, shape: TemplateShape, set: names.SetName): string {
  const storage = { ...cluster.spec.storage, size: '1Gi' };
  return hashOf(templateWith({ ...cluster, spec: { ...cluster.spec, storage } }, shape, set, nothingToRestore));
}

export function podTemplate(cluster: RaftCluster, shape: TemplateShape, set: names.SetName): PodTemplate {
  const template = templateWith(cluster, shape, set, set === 'Voters' ? restoreParts(cluster) : nothingToRestore);
  const hash = templateHash(cluster, shape, set);
  return {
    ...template,
    metadata: {
      ...template.metadata,
      annotations: { ...template.metadata?.annotations, [names.annotations.templateHash]: hash },
    },
  };
}

function templateWith(
  cluster: RaftCluster,
  { image }: TemplateShape,
  set: names.SetName,
  restore: RestoreParts,
): PodTemplate {
  const { spec } = cluster;
  const given = spec.podTemplate;
  const fetch = restore.fetch === null ? [] : [fetchContainer(cluster, image, restore.fetch.args, restore.mounts)];
  return {
    metadata: {
      labels: { ...given.labels, ...clusterLabels(cluster), [names.labels.set]: names.setLabel(set) },
      annotations: {
        ...given.annotations,
        // `kubectl logs` and `kubectl exec` pick this container when the user adds sidecars.
        'kubectl.kubernetes.io/default-container': names.memberContainer,
        ...(spec.restartedAt === undefined ? {} : { [names.annotations.restartedAt]: spec.restartedAt }),
      },
    },
    spec: {
      terminationGracePeriodSeconds: gracePeriodSeconds,
      // Members never call the Kubernetes API, so their pods hold no token that an intruder could steal.
      automountServiceAccountToken: false,
      // Otherwise a Service named `quorate` would set variables such as QUORATE_PORT, which a member reads as settings.
      enableServiceLinks: false,
      ...(given.serviceAccountName === undefined ? {} : { serviceAccountName: given.serviceAccountName }),
      ...(spec.imagePullSecrets.length > 0 ? { imagePullSecrets: spec.imagePullSecrets } : {}),
      securityContext: { ...restrictedPod, ...spec.podSecurityContext },
      ...scheduling(cluster, set),
      ...(fetch.length > 0 ? { initContainers: fetch } : {}),
      containers: [memberContainer(cluster, image, restore.mounts), ...(given.sidecars as readonly Container[])],
      volumes: [...ownVolumes(cluster), ...restore.volumes, ...(given.volumes as readonly Volume[])],
    },
  };
}

/** Meets the `restricted` Pod Security Standard. 65532 is the user `nonroot` of distroless images. */
const restrictedPod: NonNullable<PodSpec['securityContext']> = {
  runAsNonRoot: true,
  runAsUser: 65532,
  runAsGroup: 65532,
  fsGroup: 65532,
  // With the default, the kubelet would change the owner of every file at each start, which takes long on a large
  // volume.
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
};

const restrictedContainer: NonNullable<Container['securityContext']> = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

function memberContainer(cluster: RaftCluster, image: string, restoreMounts: RestoreParts['mounts']): Container {
  const { spec } = cluster;
  return {
    ...common(cluster, image),
    name: names.memberContainer,
    args: memberArguments(cluster),
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      // For the `quorate` CLI under `kubectl exec`: one of the ports that it tries by default is the health port here.
      { name: 'QUORATE_ENDPOINTS', value: `${clientScheme(cluster)}://localhost:${names.ports.client}` },
      ...heapVariable(cluster),
      ...(spec.podTemplate.env as NonNullable<Container['env']>),
    ],
    ports: [
      { name: 'client', containerPort: names.ports.client, protocol: 'TCP' },
      { name: 'peer', containerPort: names.ports.peer, protocol: 'TCP' },
      { name: 'health', containerPort: names.ports.health, protocol: 'TCP' },
    ],
    resources: spec.resources as NonNullable<Container['resources']>,
    ...probes(prestopKey(cluster)),
    volumeMounts: [
      { name: names.dataClaim, mountPath: paths.data },
      ...ownMounts(cluster),
      ...restoreMounts,
      ...(spec.podTemplate.volumeMounts as NonNullable<Container['volumeMounts']>),
    ],
  };
}

function fetchContainer(
  cluster: RaftCluster,
  image: string,
  args: readonly string[],
  volumeMounts: RestoreParts['mounts'],
): Container {
  return {
    ...common(cluster, image),
    name: 'quorate-restore',
    args: [...args],
    resources: cluster.spec.resources as NonNullable<Container['resources']>,
    volumeMounts,
  };
}

function common({ spec }: RaftCluster, image: string): Omit<Container, 'name'> {
  return {
    image,
    imagePullPolicy: spec.imagePullPolicy,
    securityContext: { ...restrictedContainer, ...spec.securityContext },
    // The pod's status then shows the last lines of the log of a member that failed without a termination message.
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

function heapVariable({ spec }: RaftCluster): NonNullable<Container['env']> {
  const value = heapOptions(spec.resources);
  return value === null ? [] : [{ name: 'NODE_OPTIONS', value }];
}

/**
 * A Secret mounted into the pod. Volume names begin with `quorate-`, a prefix that the CRD forbids for users' volumes.
 */
type SecretMount = { readonly volume: string; readonly path: string; readonly secret: string };

function secretMounts({ metadata: { name }, spec: { tls } }: RaftCluster): readonly SecretMount[] {
  const secretOf = (use: 'peer' | 'client'): string => tls[use].secretName ?? names.tlsSecret(name, use);
  return [
    { volume: 'quorate-admin-token', path: paths.adminToken, secret: names.adminTokenSecret(name) },
    ...(tls.peer.mode === 'Disabled'
      ? []
      : [{ volume: 'quorate-peer-tls', path: paths.peerTls, secret: secretOf('peer') }]),
    ...(tls.client.mode === 'Disabled'
      ? []
      : [{ volume: 'quorate-client-tls', path: paths.clientTls, secret: secretOf('client') }]),
  ];
}

function ownVolumes(cluster: RaftCluster): readonly Volume[] {
  // Mounted as whole directories: the kubelet never updates a subPath mount, so rotated certificates would not arrive.
  return secretMounts(cluster).map(({ volume, secret }) => ({
    name: volume,
    secret: { secretName: secret, defaultMode: 0o440 },
  }));
}

function ownMounts(cluster: RaftCluster): NonNullable<Container['volumeMounts']> {
  return secretMounts(cluster).map(({ volume, path }) => ({ name: volume, mountPath: path, readOnly: true }));
}
