/** The Secrets of a RaftCluster that hold what is drawn at random or issued: they are made once, and never overwritten by a guess. */
import { randomBytes } from 'node:crypto';
import {
  adminTokenSecret,
  caSecret,
  clientService,
  leaderService,
  peerService,
  readService,
  tlsSecret,
} from '../api/names.ts';
import type { RaftCluster } from '../api/types.ts';
import {
  type AuthoritySecret,
  type CertificateRequest,
  type CertificateSecret,
  type CurrentCertificates,
  dueCertificates,
  freshCertificates,
  notAfterMs,
} from '../certificates/rotation.ts';
import { type Secret, secretKind } from '../kube/kinds.ts';
import type { KubeApi, Stored } from '../kube/types.ts';
import { adminTokenSecretOf } from '../resources/admin-token-secret.ts';
import { childMeta } from '../resources/child-meta.ts';
import type { Fence } from './fence.ts';

export type ReadSecret = (name: string) => Stored<Secret> | null;

/** Bytes of randomness in a token. */
const TOKEN_BYTES = 32;
const uses = ['peer', 'client'] as const;
type Use = (typeof uses)[number];

export type SecretsState = {
  /** Names of Secrets that are missing, or due for renewal. */
  readonly due: readonly string[];
  /** Those that are good, as the status names them. */
  readonly certificates: { name: string; notAfter: string }[];
};

/** Pure: nothing is issued but by `writeSecrets`. */
export function checkSecrets(cluster: RaftCluster, read: ReadSecret, nowMs: number): SecretsState {
  const { name } = cluster.metadata;
  const due = read(adminTokenSecret(name)) === null ? [adminTokenSecret(name)] : [];
  const certificates: { name: string; notAfter: string }[] = [];
  for (const use of managedUses(cluster)) {
    const current = currentOf(cluster, use, read);
    const { isAuthorityChanged, isCertificateChanged } = dueCertificates(requestOf(cluster, use, nowMs), current);
    if (isAuthorityChanged) due.push(caSecret(name, use));
    if (isCertificateChanged) due.push(tlsSecret(name, use));
    else certificates.push({ name: tlsSecret(name, use), notAfter: endOf(current) });
  }
  return { due, certificates };
}

/**
 * Writes what is due. The Secrets are read anew first, as a cache that is behind would have a token drawn twice.
 *
 * @throws KubeError
 */
export async function writeSecrets(cluster: RaftCluster, nowMs: number, api: KubeApi, fence: Fence): Promise<void> {
  const { name, namespace } = cluster.metadata;
  const present = new Map<string, Stored<Secret>>();
  const wanted = [
    adminTokenSecret(name),
    ...managedUses(cluster).flatMap((use) => [caSecret(name, use), tlsSecret(name, use)]),
  ];
  for (const secret of wanted) {
    const found = await api.get(secretKind, { namespace, name: secret });
    if (found !== null) present.set(secret, found);
  }
  const read: ReadSecret = (secret) => present.get(secret) ?? null;
  if (!present.has(adminTokenSecret(name))) {
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    await api.create(secretKind, adminTokenSecretOf(cluster, token), fence.options);
  }
  for (const use of managedUses(cluster)) {
    const { authority, certificate, isAuthorityChanged, isCertificateChanged } = await freshCertificates(
      requestOf(cluster, use, nowMs),
      currentOf(cluster, use, read),
    );
    // The authority first: a certificate whose authority was lost on the way could not be followed by another.
    if (isAuthorityChanged) await write(cluster, caSecret(name, use), 'Opaque', authority, read, api, fence);
    if (isCertificateChanged)
      await write(cluster, tlsSecret(name, use), 'kubernetes.io/tls', certificate, read, api, fence);
  }
}

function managedUses({ spec }: RaftCluster): readonly Use[] {
  return uses.filter((use) => spec.tls[use].mode === 'OperatorManaged');
}

function requestOf(cluster: RaftCluster, use: Use, nowMs: number): CertificateRequest {
  return { commonName: `${cluster.metadata.name} ${use}`, dnsNames: dnsNames(cluster, use), nowMs };
}

function currentOf({ metadata: { name } }: RaftCluster, use: Use, read: ReadSecret): CurrentCertificates {
  return {
    authority: dataOf<AuthoritySecret>(read(caSecret(name, use)), ['ca.crt', 'ca.key']),
    certificate: dataOf<CertificateSecret>(read(tlsSecret(name, use)), ['tls.crt', 'tls.key', 'ca.crt']),
  };
}

/** RFC 3339. */
function endOf({ certificate }: CurrentCertificates): string {
  return new Date(notAfterMs(certificate!['tls.crt'])).toISOString();
}

/** One certificate for all members, whatever their ordinals; clients come by the names of Services, too. */
function dnsNames({ metadata: { name, namespace } }: RaftCluster, use: Use): readonly string[] {
  const services = use === 'peer' ? [] : [clientService(name), leaderService(name), readService(name)];
  const hosts = [`*.${peerService(name)}`, ...services];
  const inAllForms = hosts.flatMap((host) => [
    `${host}.${namespace}.svc`,
    `${host}.${namespace}.svc.cluster.local`,
    ...(host.startsWith('*') ? [] : [host, `${host}.${namespace}`]),
  ]);
  return [...inAllForms, 'localhost'];
}

function dataOf<T>(secret: Stored<Secret> | null, needed: readonly string[]): T | null {
  const data = Object.entries(secret?.data ?? {}).map(([key, value]) => [
    key,
    Buffer.from(value, 'base64').toString('utf8'),
  ]);
  const texts = Object.fromEntries(data) as Record<string, string>;
  return needed.every((key) => texts[key] !== undefined) ? (texts as T) : null;
}

async function write(
  cluster: RaftCluster,
  name: string,
  type: string,
  texts: AuthoritySecret | CertificateSecret,
  read: ReadSecret,
  api: KubeApi,
  fence: Fence,
): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text as string, 'utf8').toString('base64')]),
  );
  const present = read(name);
  if (present === null) {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: childMeta(cluster, name), type, data };
    await api.create(secretKind, secret, fence.options);
    return;
  }
  const { uid, resourceVersion } = present.metadata;
  // A key that there shall be no more is taken away: `next.key` once it signs.
  const gone = Object.keys(present.data ?? {}).filter((key) => !(key in data));
  const patch = { data: { ...data, ...Object.fromEntries(gone.map((key) => [key, null])) } };
  await api.patch(secretKind, { namespace: cluster.metadata.namespace, name }, patch, {
    uid,
    resourceVersion,
    ...fence.options,
  });
}
