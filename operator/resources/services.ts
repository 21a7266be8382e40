/** The Services of a cluster, and where the leader's one leads. */
import * as names from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { EndpointSlice, Service } from '../kube/kinds.ts';
import { childMeta } from './child-meta.ts';
import type { LeaderAddress } from './types.ts';

const clientPort = { name: 'client', port: names.ports.client, protocol: 'TCP' } as const;
const peerPort = { name: 'peer', port: names.ports.peer, protocol: 'TCP' } as const;

/**
 * Headless: gives every member its name. It publishes members that are not ready, since they become ready only after
 * they have found each other.
 */
export function peerService(cluster: RaftCluster): Service {
  return service(cluster, names.peerService(cluster.metadata.name), {
    type: 'ClusterIP',
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector: membersOf(cluster),
    ports: [
      { ...clientPort, targetPort: 'client' },
      { ...peerPort, targetPort: 'peer' },
    ],
  });
}

/** Every member that is ready: each of them serves reads and writes. */
export function clientService(cluster: RaftCluster): Service {
  const { type, annotations } = cluster.spec.services.client;
  const made = service(cluster, names.clientService(cluster.metadata.name), {
    type,
    selector: membersOf(cluster),
    ports: [{ ...clientPort, targetPort: 'client' }],
  });
  return { ...made, metadata: { ...made.metadata, annotations } };
}

/** The read replicas that are ready. */
export function readService(cluster: RaftCluster): Service {
  return service(cluster, names.readService(cluster.metadata.name), {
    type: 'ClusterIP',
    selector: { ...membersOf(cluster), [names.labels.set]: names.setLabel('Readers') },
    ports: [{ ...clientPort, targetPort: 'client' }],
  });
}

/** Without a selector: a label on pods would lag behind elections, and a pod that lost the lead would keep it. */
export function leaderService(cluster: RaftCluster): Service {
  return service(cluster, names.leaderService(cluster.metadata.name), {
    type: 'ClusterIP',
    ports: [{ ...clientPort, targetPort: names.ports.client }],
  });
}

/** Empty while no leader is known: whoever connects is refused at once, and not sent to one who leads no more. */
export function leaderEndpoints(cluster: RaftCluster, leader: LeaderAddress | null): EndpointSlice {
  const { name, namespace } = cluster.metadata;
  // A slice cannot change its type: one of the other family gets another name.
  const addressType = leader?.ip.includes(':') === true ? 'IPv6' : 'IPv4';
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: childMeta(cluster, `${names.leaderService(name)}-${addressType.toLowerCase()}`, {
      'kubernetes.io/service-name': names.leaderService(name),
      'endpointslice.kubernetes.io/managed-by': names.operatorName,
    }),
    addressType,
    ports: [clientPort],
    endpoints:
      leader === null
        ? []
        : [
            {
              addresses: [leader.ip],
              conditions: { ready: true },
              ...(leader.nodeName === null ? {} : { nodeName: leader.nodeName }),
              targetRef: { kind: 'Pod', name: leader.podName, namespace, uid: leader.podUid },
            },
          ],
  };
}

function service(cluster: RaftCluster, name: string, spec: NonNullable<Service['spec']>): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: childMeta(cluster, name), spec };
}

function membersOf({ metadata }: RaftCluster): Readonly<Record<string, string>> {
  return { [names.labels.cluster]: metadata.name };
}
