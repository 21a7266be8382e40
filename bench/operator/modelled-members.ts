/**
 * Members as the operator meets them, all behind one socket: the host name in a request says which one is asked. They
 * answer what founding, status and the configuration take; there is no log and no data behind it.
 */
import { createServer, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { ApiBootstrap, ApiCluster, ApiMember, ApiStatus } from '../../client/types.ts';
import { ports } from '../../operator/api/names.ts';

export class ModelledMembers {
  /** All pods have this address: one of this machine's own, since the API server takes no loopback in EndpointSlices. */
  readonly address: string;
  readonly #server: Server;
  /** By `NAMESPACE/POD`: the record that it has accepted. */
  readonly #accepted = new Map<string, ApiBootstrap>();

  static async start(): Promise<ModelledMembers> {
    const address = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    if (address === undefined) throw new Error('this machine has no IPv4 address but loopback: members need one');
    const members = new ModelledMembers(address);
    await new Promise<void>((resolve, reject) => {
      members.#server.once('error', reject).listen(ports.client, address, resolve);
    });
    return members;
  }

  private constructor(address: string) {
    this.address = address;
    this.#server = createServer((request, response) => {
      const [pod = '', , namespace = ''] = (request.headers.host ?? '').split('.');
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        const answer = this.#answer(`${request.method} ${request.url?.split('?')[0]}`, namespace, pod, body);
        const status = answer === null ? 503 : 200;
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify(answer ?? { code: 'no_leader', message: 'the cluster has not formed' }));
      });
    });
    // Longer than the operator keeps a connection, as real members do.
    this.#server.keepAliveTimeout = 5000;
  }

  /** Whether it would answer clients. */
  isServing(namespace: string, pod: string): boolean {
    return this.#hasFormed(namespace, this.#accepted.get(`${namespace}/${pod}`));
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(call: string, namespace: string, pod: string, body: string): object | null {
    const record = this.#accepted.get(`${namespace}/${pod}`);
    switch (call) {
      case 'GET /v1/status':
        return record === undefined ? parked(namespace, pod) : this.#memberStatus(namespace, pod, record);
      case 'GET /v1/cluster':
        return record !== undefined && this.#hasFormed(namespace, record) ? clusterOf(record) : null;
      case 'POST /v1/bootstrap': {
        const accepted = record ?? (JSON.parse(body) as ApiBootstrap);
        this.#accepted.set(`${namespace}/${pod}`, accepted);
        return accepted;
      }
      default:
        throw new Error(`${call}: the modelled members have no answer to this`);
    }
  }

  #memberStatus(namespace: string, pod: string, record: ApiBootstrap): ApiStatus {
    const id = record.founders.find(({ name }) => name === pod)?.id ?? 0;
    const isFormed = this.#hasFormed(namespace, record);
    const isLeader = isFormed && id === 1;
    const position = { commit: 10, applied: 10, last_index: 10, first_index: 1, config_index: 1, term: 2 };
    return {
      ...identityOf(namespace, pod),
      ...position,
      state: 'Member',
      cluster_id: record.cluster_id,
      founding: record,
      member_id: id,
      role: isLeader ? 'Leader' : 'Follower',
      leader: isFormed ? 1 : 0,
      revision: 1,
      members: membersOf(record),
      quorum_critical: false,
      no_space: false,
      ...(isLeader ? { peers: record.founders.filter((founder) => founder.id !== id).map(progressOf) } : {}),
    };
  }

  #hasFormed(namespace: string, record: ApiBootstrap | undefined): boolean {
    return record?.founders.every(({ name }) => this.#accepted.has(`${namespace}/${name}`)) ?? false;
  }
}

function parked(namespace: string, pod: string): ApiStatus {
  return { ...identityOf(namespace, pod), state: 'Parked', reason: 'NoData', message: 'waits to be told' };
}

function identityOf(namespace: string, pod: string) {
  const host = `${pod}.${pod.replace(/-\d+$/, '')}-peers.${namespace}.svc`;
  return {
    name: pod,
    incarnation: Buffer.from(`${namespace}/${pod}`).toString('hex').padStart(32, '0').slice(-32),
    peer_address: `${host}:${ports.peer}`,
    client_url: `http://${host}:${ports.client}`,
    version: '1.0.0',
    format: 1,
    cluster_format: 1,
    uptime_seconds: Math.round(process.uptime()),
  };
}

function membersOf({ founders }: ApiBootstrap): ApiMember[] {
  return founders.map((founder) => ({ ...founder, role: 'Voter' }));
}

function clusterOf(record: ApiBootstrap): ApiCluster {
  return { cluster_id: record.cluster_id, config_index: 1, members: membersOf(record) };
}

function progressOf({ id }: { readonly id: number }) {
  return { id, match: 10, state: 'Replicate' as const, last_contact_ms: 20, round_trip_ms: 1 };
}
