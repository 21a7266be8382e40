/**
 * Connections to members. TLS checks the host name of the pod, but the connection goes to the IP address that the
 * Kubernetes API reports for it. DNS is slower: a new pod's name can take half a minute to resolve, because resolvers
 * cache that it does not exist.
 */
import { lookup as lookupByDns } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Agent, fetch as undiciFetch } from 'undici';

export type Fetch = typeof globalThis.fetch;

/** The trusted authorities, and the certificate and key of the operator, all as PEM. */
export type MemberTls = { readonly ca: string; readonly cert: string; readonly key: string };

const CONNECT_TIMEOUT_MS = 1500;
/** Shorter than a member's keep-alive time (5 s), so that no request uses a connection that the member is closing. */
const KEEP_ALIVE_MS = 3000;

/** @param addressOf the IP address of the pod with that host name, or null if unknown: then DNS resolves the name */
export class MemberConnections {
  readonly #lookup: LookupFunction;
  readonly #plain: Agent;
  /** Connections with TLS, by the key of the RaftCluster. */
  readonly #secured = new Map<string, { readonly tls: MemberTls; readonly agent: Agent; readonly fetch: Fetch }>();
  readonly #plainFetch: Fetch;

  constructor(addressOf: (host: string) => string | null) {
    this.#lookup = (host, options, callback) => {
      const address = addressOf(host);
      if (address === null) lookupByDns(host, options, callback);
      else if (options.all === true) callback(null, [{ address, family: familyOf(address) }]);
      else callback(null, address, familyOf(address));
    };
    this.#plain = this.#agent({});
    this.#plainFetch = fetchOver(this.#plain);
  }

  /**
   * @param cluster key of the RaftCluster, the same as for `forget`
   * @param tls null for plain HTTP
   */
  fetchFor(cluster: string, tls: MemberTls | null): Fetch {
    if (tls === null) return this.#plainFetch;
    const known = this.#secured.get(cluster);
    if (known !== undefined && isDeepStrictEqual(known.tls, tls)) return known.fetch;
    // The certificates were rotated. close() lets requests over the old connections finish.
    void known?.agent.close();
    const agent = this.#agent(tls);
    const fetch = fetchOver(agent);
    this.#secured.set(cluster, { tls, agent, fetch });
    return fetch;
  }

  forget(cluster: string): void {
    void this.#secured.get(cluster)?.agent.close();
    this.#secured.delete(cluster);
  }

  async close(): Promise<void> {
    await Promise.all([this.#plain, ...[...this.#secured.values()].map(({ agent }) => agent)].map((a) => a.destroy()));
  }

  #agent(tls: Partial<MemberTls>): Agent {
    return new Agent({
      connect: { ...tls, lookup: this.#lookup, timeout: CONNECT_TIMEOUT_MS },
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
    });
  }
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** undici's fetch with this dispatcher. The cast is needed because Node and undici declare the same interface twice. */
function fetchOver(dispatcher: Agent): Fetch {
  const fetch = (url: string, init: Parameters<typeof undiciFetch>[1]) => undiciFetch(url, { ...init, dispatcher });
  return fetch as unknown as Fetch;
}
