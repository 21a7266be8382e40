/**
 * The command line of a member. Its settings are in the pod template rather than in a ConfigMap: a member that crashes
 * and restarts must come back with the settings it had, not with new ones that the rollout has not yet tried on one
 * pod.
 */
import * as names from '../api/names.ts';
import { quantityValue } from '../api/quantity.ts';
import type { RaftCluster, RaftClusterSpec } from '../api/types.ts';
import { hashOf } from './hash.ts';

/** Mount paths in the member's container. */
export const paths = {
  data: '/data',
  adminToken: '/etc/quorate/admin',
  peerTls: '/etc/quorate/peer-tls',
  clientTls: '/etc/quorate/client-tls',
} as const;

/**
 * The pod's grace period is the sum of these two plus 20 s for the container runtime, so that no SIGKILL cuts them
 * short.
 */
export const prestopTimeoutSeconds = 30;
export const stopTimeoutSeconds = 10;
export const gracePeriodSeconds: number = prestopTimeoutSeconds + stopTimeoutSeconds + 20;

/** All addresses of the pod: a socket on `[::]` accepts IPv4 as well. */
const everywhere = '[::]';

/** The kubelet replaces `$(NAME)` in arguments with the value of the environment variable. */
const podName = '$(POD_NAME)';
const podNamespace = '$(POD_NAMESPACE)';

/**
 * The secret part of the URL of a member's preStop hook. A call to that URL makes the member not ready, so clients that
 * reach the health port must not be able to guess it; only those who may read the objects of the namespace know it.
 * The key is derived from the uid of the RaftCluster, so that it never changes and needs no Secret of its own.
 */
export function prestopKey({ metadata: { uid } }: RaftCluster): string {
  return hashOf({ prestop: uid });
}

export function clientScheme({ spec }: RaftCluster): 'http' | 'https' {
  return spec.tls.client.mode === 'Disabled' ? 'http' : 'https';
}

/** Arguments of the `quorate` command. */
export function memberArguments(cluster: RaftCluster): readonly string[] {
  const { metadata, spec } = cluster;
  const host = names.podHost(metadata.name, podNamespace, podName);
  const flags: Readonly<Record<string, string | true>> = {
    name: podName,
    'data-dir': paths.data,
    'listen-client': `${everywhere}:${names.ports.client}`,
    'listen-peer': `${everywhere}:${names.ports.peer}`,
    'listen-health': `${everywhere}:${names.ports.health}`,
    'advertise-client-url': `${clientScheme(cluster)}://${host}:${names.ports.client}`,
    'advertise-peer': `${host}:${names.ports.peer}`,
    'admin-token-file': `${paths.adminToken}/token`,
    'prestop-timeout': `${prestopTimeoutSeconds}s`,
    'prestop-key': prestopKey(cluster),
    'stop-timeout': `${stopTimeoutSeconds}s`,
    ...settings(spec),
    ...tls(spec),
  };
  return [
    'node',
    ...Object.entries(flags).map(([flag, value]) => (value === true ? `--${flag}` : `--${flag}=${value}`)),
  ];
}

function settings({ config, storage }: RaftClusterSpec): Readonly<Record<string, string>> {
  const volume = bytes(storage.size);
  const minFree = config.minFreeSpace === undefined ? Math.min(volume / 10, 256 * MIB) : bytes(config.minFreeSpace);
  const maxLog = bytes(config.maxLogSize);
  const maxRequest = bytes(config.maxRequestSize);
  return {
    'heartbeat-interval': `${config.heartbeatIntervalMilliseconds}ms`,
    'election-timeout': `${config.electionTimeoutMilliseconds}ms`,
    'request-timeout': `${config.requestTimeoutMilliseconds}ms`,
    'max-request-size': size(maxRequest),
    // Must be at least the largest request, which may be larger than the member's default of 32 MiB.
    'max-appends-in-flight-size': size(Math.max(maxRequest, 32 * MIB)),
    'max-log-size': size(maxLog),
    'log-tail-size': size(maxLog / 4),
    'min-free-space': size(minFree),
    // Higher than min-free-space: with one threshold, writes would be refused and accepted in turns around it.
    'resume-free-space': size(minFree * 1.5),
    'snapshot-rate': size(bytes(config.snapshotBytesPerSecond)),
    'auto-compaction-retention': `${config.autoCompactionRetentionMinutes}m`,
    'log-level': config.logLevel,
  };
}

function tls({ tls: { peer, client } }: RaftClusterSpec): Readonly<Record<string, string | true>> {
  return {
    ...(peer.mode === 'Disabled'
      ? {}
      : {
          'peer-tls-cert': `${paths.peerTls}/tls.crt`,
          'peer-tls-key': `${paths.peerTls}/tls.key`,
          'peer-tls-ca': `${paths.peerTls}/ca.crt`,
        }),
    ...(client.mode === 'Disabled'
      ? {}
      : { 'client-tls-cert': `${paths.clientTls}/tls.crt`, 'client-tls-key': `${paths.clientTls}/tls.key` }),
    ...(client.mode !== 'Disabled' && client.clientCertificates !== 'None'
      ? { 'client-tls-ca': `${paths.clientTls}/ca.crt` }
      : {}),
    ...(client.mode !== 'Disabled' && client.clientCertificates === 'Required'
      ? ({ 'client-tls-require-client-cert': true } as const)
      : {}),
  };
}

const MIB = 2 ** 20;

/** Throws Error only for a mistake of ours: the schema of the CRD has already checked each quantity. */
function bytes(quantity: string): number {
  const value = quantityValue(quantity);
  if (value === null) throw new Error(`${quantity} is no quantity`);
  return value;
}

function size(value: number): string {
  return value >= MIB && value % MIB === 0 ? `${value / MIB}MiB` : String(Math.floor(value));
}
