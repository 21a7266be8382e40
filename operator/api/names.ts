/** What the operator calls the objects of a RaftCluster, and the labels and annotations by which it knows them. */

/**
 * `Voters`: the StatefulSet NAME. `Readers`: NAME-read, whose members stay learners. An ordinal never changes its role.
 */
export type SetName = 'Voters' | 'Readers';

export const labels = {
  /** The name of the RaftCluster, on every object of it. */
  cluster: 'quorate.dev/cluster',
  /** `voters` or `readers`; on pods, volumes and StatefulSets. */
  set: 'quorate.dev/set',
  /** `voter` or `learner`, on a pod while its member is that: what the PodDisruptionBudget counts. */
  role: 'quorate.dev/role',
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  managedBy: 'app.kubernetes.io/managed-by',
} as const;

/** Value of the labels `name` and `managedBy`, and the manager of fields that the operator applies. */
export const operatorName = 'quorate';

export const annotations = {
  /** On pods: hash of the template that they were made from. */
  templateHash: 'quorate.dev/template-hash',
  /** On child objects: hash of what the operator has applied. */
  appliedHash: 'quorate.dev/applied-hash',
  /** On volumes: whose data is in them. */
  incarnation: 'quorate.dev/incarnation',
  clusterId: 'quorate.dev/cluster-id',
  memberId: 'quorate.dev/member-id',
  /** On volumes: uid of the RaftCluster that they were made for. */
  ownerUid: 'quorate.dev/owner-uid',
  /** On volumes, `true`: kept after its member was scaled away. */
  released: 'quorate.dev/released',
  /** On pods: `spec.restartedAt`, so that a change of it makes them outdated. */
  restartedAt: 'quorate.dev/restarted-at',
} as const;

/** The name of the member's container in its pod. */
export const memberContainer = 'member';

export const ports = { client: 2379, peer: 2380, health: 2381 } as const;

export const setName = (cluster: string, set: SetName): string => (set === 'Voters' ? cluster : `${cluster}-read`);
export const podName = (cluster: string, set: SetName, ordinal: number): string =>
  `${setName(cluster, set)}-${ordinal}`;
/** The name of the claim template of both StatefulSets. */
export const dataClaim = 'data';
export const volumeName = (pod: string): string => `${dataClaim}-${pod}`;
/** The headless Service, which publishes addresses of pods that are not ready, too, since readiness needs peers. */
export const peerService = (cluster: string): string => `${cluster}-peers`;
export const clientService = (cluster: string): string => cluster;
export const leaderService = (cluster: string): string => `${cluster}-leader`;
export const readService = (cluster: string): string => `${cluster}-read`;
/** The name of what monitors a cluster: its PodMonitor, PrometheusRule and GrafanaDashboard. */
export const monitor = (cluster: string): string => cluster;
/** The Secret with the token for administrative calls, under the key `token`. */
export const adminTokenSecret = (cluster: string): string => `${cluster}-admin-token`;
/** The Secret of an authority, with the keys ca.crt and ca.key. */
export const caSecret = (cluster: string, use: 'peer' | 'client'): string => `${cluster}-${use}-ca`;
/** The Secret that pods mount, with the keys tls.crt, tls.key and ca.crt. */
export const tlsSecret = (cluster: string, use: 'peer' | 'client'): string => `${cluster}-${use}-tls`;
/** The cluster domain is left out: the resolver's search list adds it, whatever it is. */
export const podHost = (cluster: string, namespace: string, pod: string): string =>
  `${pod}.${peerService(cluster)}.${namespace}.svc`;

/** A selector of the pods of one StatefulSet, as Kubernetes writes it. */
export const podSelector = (cluster: string, set: SetName): string =>
  `${labels.cluster}=${cluster},${labels.set}=${setLabel(set)}`;
export const setLabel = (set: SetName): 'voters' | 'readers' => (set === 'Voters' ? 'voters' : 'readers');
