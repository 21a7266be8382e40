/** How the members of each RaftCluster are reached: addresses, certificates and token, from the caches. */
import { adminTokenSecret, labels, tlsSecret } from './api/names.ts';
import type { RaftCluster } from './api/types.ts';
import type { OperatorCaches } from './caches.ts';
import { type Secret, secretKind } from './kube/kinds.ts';
import type { Clock, KubeApi } from './kube/types.ts';
import { MemberConnections, type MemberTls } from './members/connections.ts';
import { httpMembers } from './members/http-members.ts';
import type { Members } from './members/types.ts';
import { clientScheme } from './resources/member-arguments.ts';

/** A user's own Secret carries no label of ours, so no cache has it; it is read again after this long. */
const FOREIGN_SECRET_MS = 60_000;

export class MemberAccess {
  readonly #api: KubeApi;
  readonly #caches: OperatorCaches;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #connections: MemberConnections;
  /** Secrets of users by RaftCluster, and until when they need not be read again. */
  readonly #foreign = new Map<string, { readonly tls: MemberTls | null; readonly untilMs: number }>();

  constructor(api: KubeApi, caches: OperatorCaches, clock: Pick<Clock, 'nowMs'>) {
    this.#api = api;
    this.#caches = caches;
    this.#clock = clock;
    this.#connections = new MemberConnections((host) => this.#addressOf(host));
  }

  async membersOf(cluster: RaftCluster): Promise<Members> {
    const { namespace, name } = cluster.metadata;
    const scheme = clientScheme(cluster);
    const tls = scheme === 'https' ? await this.#tlsOf(cluster) : null;
    const token = this.#caches.secrets.get(namespace, adminTokenSecret(name))?.data?.['token'];
    return httpMembers({
      cluster: name,
      namespace,
      scheme,
      token: token === undefined ? null : decoded(token).trim(),
      fetch: this.#connections.fetchFor(`${namespace}/${name}`, tls),
    });
  }

  forget(key: string): void {
    this.#foreign.delete(key);
    this.#connections.forget(key);
  }

  close(): Promise<void> {
    return this.#connections.close();
  }

  async #tlsOf(cluster: RaftCluster): Promise<MemberTls | null> {
    const { namespace, name } = cluster.metadata;
    const { mode, secretName } = cluster.spec.tls.client;
    if (mode === 'OperatorManaged') return tlsIn(this.#caches.secrets.get(namespace, tlsSecret(name, 'client')));
    if (secretName === undefined) return null;
    const key = `${namespace}/${name}`;
    const known = this.#foreign.get(key);
    if (known !== undefined && this.#clock.nowMs() < known.untilMs) return known.tls;
    const tls = tlsIn(await this.#api.get(secretKind, { namespace, name: secretName }));
    this.#foreign.set(key, { tls, untilMs: this.#clock.nowMs() + FOREIGN_SECRET_MS });
    return tls;
  }

  /** The pod's address, found by a host name as `podHost` makes it: POD.PEERS.NAMESPACE.svc. */
  #addressOf(host: string): string | null {
    const [pod = '', , namespace = ''] = host.split('.');
    const found = this.#caches.pods.get(namespace, pod);
    return found?.metadata.labels?.[labels.cluster] === undefined ? null : (found.status?.podIP ?? null);
  }
}

function tlsIn(secret: Secret | null): MemberTls | null {
  const { 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key } = secret?.data ?? {};
  if (ca === undefined || cert === undefined || key === undefined) return null;
  return { ca: decoded(ca), cert: decoded(cert), key: decoded(key) };
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
