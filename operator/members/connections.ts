/**
 * Connections to members: by the names in their certificates, at the addresses that the API server gives. The name of a
 * new pod can take half a minute to be in DNS, where "there is no such name" is cached; its address is known at once.
 */
import { lookup as lookupByDns } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Agent, fetch as undiciFetch } from 'undici';

export type Fetch = typeof globalThis.fetch;

/** Texts in PEM. */
export type MemberTls = { readonly ca: string; readonly cert: string; readonly key: string };

const CONNECT_TIMEOUT_MS = 1500;
/** Shorter than what a member keeps an idle connection (5 s), so that none is used that is being closed. */
const KEEP_ALIVE_MS = 3000;

/** @param addressOf IP address of the pod with that host name; null when not known, then DNS is asked */
export class MemberConnections {
  readonly #lookup: LookupFunction;
  readonly #plain: Agent;
  /** By RaftCluster. */
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

  /** @param cluster key of the RaftCluster, the same in `forget` */
  fetchFor(cluster: string, tls: MemberTls | null): Fetch {
    if (tls === null) return this.#plainFetch;
    const known = this.#secured.get(cluster);
    if (known !== undefined && isDeepStrictEqual(known.tls, tls)) return known.fetch;
    // The certificates were rotated; what is under way with the old ones may still end.
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

/** The same interface in two declarations: Node's own types and undici's. */
function fetchOver(dispatcher: Agent): Fetch {
  const fetch = (url: string, init: Parameters<typeof undiciFetch>[1]) => undiciFetch(url, { ...init, dispatcher });
  return fetch as unknown as Fetch;
}
