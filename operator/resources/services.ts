/** The Services of a cluster, and the EndpointSlice behind the leader's Service. */
import * as names from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import type { EndpointSlice, Service } from '../kube/kinds.ts';
import { childMeta } from './child-meta.ts';
import type { LeaderAddress } from './types.ts';

const clientPort = { name: 'client', port: names.ports.client, protocol: 'TCP' } as const;
const peerPort = { name: 'peer', port: names.ports.peer, protocol: 'TCP' } as const;

/**
 * Headless: gives every pod a DNS name. It also publishes pods that are not ready, since members must find each other
 * before they can become ready.
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

/** Leads to every ready member, because each of them serves reads and writes. */
export function clientService(cluster: RaftCluster): Service {
  const { type, annotations } = cluster.spec.services.client;
  const made = service(cluster, names.clientService(cluster.metadata.name), {
    type,
    selector: membersOf(cluster),
    ports: [{ ...clientPort, targetPort: 'client' }],
  });
  return { ...made, metadata: { ...made.metadata, annotations } };
}

/** Leads to the ready read replicas. */
export function readService(cluster: RaftCluster): Service {
  return service(cluster, names.readService(cluster.metadata.name), {
    type: 'ClusterIP',
    selector: { ...membersOf(cluster), [names.labels.set]: names.setLabel('Readers') },
    ports: [{ ...clientPort, targetPort: 'client' }],
  });
}

/**
 * Has no selector: a leader label on pods would lag behind elections, and a pod that lost leadership would keep it. The
 * operator writes the endpoints itself (`leaderEndpoints`).
 */
export function leaderService(cluster: RaftCluster): Service {
  return service(cluster, names.leaderService(cluster.metadata.name), {
    type: 'ClusterIP',
    ports: [{ ...clientPort, targetPort: names.ports.client }],
  });
}

/** Empty while no leader is known: connections fail at once instead of reaching a member that no longer leads. */
export function leaderEndpoints(cluster: RaftCluster, leader: LeaderAddress | null): EndpointSlice {
  const { name, namespace } = cluster.metadata;
  // Kubernetes forbids a change of addressType, so each IP family has an EndpointSlice of its own name.
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
