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

/** How many random bytes make a token. */
const TOKEN_BYTES = 32;
const uses = ['peer', 'client'] as const;
type Use = (typeof uses)[number];

/** What hangs together: the token for administrative calls, or the authority of a use and the certificate that it signs. */
export type SecretGroup = 'token' | Use;

export type DueSecrets = {
  readonly group: SecretGroup;
  /** The names of those Secrets that are missing or due for renewal; never empty. */
  readonly names: readonly string[];
};

export type SecretsState = {
  readonly due: readonly DueSecrets[];
  /** The certificates that are good, as the status names them. */
  readonly certificates: { name: string; notAfter: string }[];
};

/** Finds what is missing or due. Pure: only `writeSecrets` issues anything. */
export function checkSecrets(cluster: RaftCluster, read: ReadSecret, nowMs: number): SecretsState {
  const { name } = cluster.metadata;
  const due: DueSecrets[] = [];
  if (read(adminTokenSecret(name)) === null) due.push({ group: 'token', names: [adminTokenSecret(name)] });
  const certificates: { name: string; notAfter: string }[] = [];
  for (const use of managedUses(cluster)) {
    const current = currentOf(cluster, use, read);
    const { isAuthorityChanged, isCertificateChanged } = dueCertificates(requestOf(cluster, use, nowMs), current);
    const names = [
      ...(isAuthorityChanged ? [caSecret(name, use)] : []),
      ...(isCertificateChanged ? [tlsSecret(name, use)] : []),
    ];
    if (names.length > 0) due.push({ group: use, names });
    if (!isCertificateChanged) certificates.push({ name: tlsSecret(name, use), notAfter: endOf(current) });
  }
  return { due, certificates };
}

/**
 * Writes what of a group is due. Its Secrets are read anew first, as a cache that is behind would have a token drawn twice.
 *
 * @throws KubeError
 */
export async function writeSecrets(
  cluster: RaftCluster,
  group: SecretGroup,
  nowMs: number,
  api: KubeApi,
  fence: Fence,
): Promise<void> {
  const { name, namespace } = cluster.metadata;
  const present = new Map<string, Stored<Secret>>();
  for (const secret of group === 'token' ? [adminTokenSecret(name)] : [caSecret(name, group), tlsSecret(name, group)]) {
    const found = await api.get(secretKind, { namespace, name: secret });
    if (found !== null) present.set(secret, found);
  }
  const read: ReadSecret = (secret) => present.get(secret) ?? null;
  if (group === 'token') {
    if (present.size > 0) return;
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    await api.create(secretKind, adminTokenSecretOf(cluster, token), fence.options);
    return;
  }
  const { authority, certificate, isAuthorityChanged, isCertificateChanged } = await freshCertificates(
    requestOf(cluster, group, nowMs),
    currentOf(cluster, group, read),
  );
  // The authority first: a certificate whose authority was lost on the way could not be followed by another.
  if (isAuthorityChanged) await write(cluster, caSecret(name, group), 'Opaque', authority, read, api, fence);
  if (isCertificateChanged) {
    await write(cluster, tlsSecret(name, group), 'kubernetes.io/tls', certificate, read, api, fence);
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

/** When the certificate ends, as RFC 3339 writes it. */
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
  // A key that there shall be no more is taken out, as `next.key` is once that authority signs.
  const gone = Object.keys(present.data ?? {}).filter((key) => !(key in data));
  const patch = { data: { ...data, ...Object.fromEntries(gone.map((key) => [key, null])) } };
  await api.patch(secretKind, { namespace: cluster.metadata.namespace, name }, patch, {
    uid,
    resourceVersion,
    ...fence.options,
  });
}
