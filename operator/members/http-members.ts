/** The members of one RaftCluster over their HTTP API. */
import { Client } from '../../client/client.ts';
import type { QuorateError } from '../../client/errors.ts';
import type { ApiTransfer } from '../../client/types.ts';
import { podHost, ports } from '../api/names.ts';
import type { Fetch } from './connections.ts';
import type { Members } from './types.ts';

export type HttpMembersOptions = {
  readonly cluster: string;
  readonly namespace: string;
  readonly scheme: 'http' | 'https';
  /** The token from the cluster's own Secret; null before there is one. */
  readonly token: string | null;
  readonly fetch: Fetch;
};

/** How long to wait for what a member answers from its own view. */
const LOCAL_DEADLINE_MS = 2000;
/** How long to wait for what needs a quorum. */
const QUORUM_DEADLINE_MS = 3000;
/** Forming and joining write and sync; a membership change waits for a quorum's disks, a joint one twice. */
const CHANGE_DEADLINE_MS = 8000;

/** One try at each member: what failed is seen in the next pass, with a new look at everything. */
export function httpMembers(options: HttpMembersOptions): Members {
  const { cluster, namespace, scheme, token, fetch } = options;
  const urlOf = (name: string) => `${scheme}://${podHost(cluster, namespace, name)}:${ports.client}`;

  async function call<T>(
    names: readonly string[],
    timeoutMs: number,
    send: (client: Client, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const ending = new AbortController();
    let failures = 0;
    const client = new Client({
      endpoints: names.map(urlOf),
      token: token ?? undefined,
      timeoutMs,
      attemptTimeoutMs: timeoutMs,
      fetch,
      onRetry: (error: QuorateError) => {
        failures++;
        if (failures >= names.length) ending.abort(error);
      },
    });
    return send(client, ending.signal);
  }

  return {
    isOpening: async (name) => {
      const url = `http://${podHost(cluster, namespace, name)}:${ports.health}/readyz`;
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(LOCAL_DEADLINE_MS) });
        return ((await response.json()) as { readonly opening?: unknown } | null)?.opening === true;
      } catch {
        return false;
      }
    },
    status: (name) => call([name], LOCAL_DEADLINE_MS, (client, signal) => client.status({ signal })),
    cluster: (names) => call(names, QUORUM_DEADLINE_MS, (client, signal) => client.cluster({ signal })),
    bootstrap: (name, record) =>
      call([name], CHANGE_DEADLINE_MS, (client, signal) => client.bootstrap(record, { signal })),
    join: (name, record) => call([name], CHANGE_DEADLINE_MS, (client, signal) => client.join(record, { signal })),
    recover: (name, record) => call([name], CHANGE_DEADLINE_MS, (client, signal) => client.recover(record, { signal })),
    stopTogether: (name) => call([name], LOCAL_DEADLINE_MS, (client, signal) => client.stopTogether({ signal })),
    addMember: (names, member) =>
      call(names, CHANGE_DEADLINE_MS, (client, signal) => client.addMember(member, { signal })),
    promote: (names, id, expected) =>
      call(names, CHANGE_DEADLINE_MS, (client, signal) => client.promoteMember(id, expected, { signal })),
    remove: (names, id, expected) =>
      call(names, CHANGE_DEADLINE_MS, (client, signal) => client.removeMember(id, expected, { signal })),
    replaceVoters: (names, target) =>
      call(names, CHANGE_DEADLINE_MS, (client, signal) => client.replaceVoters(target, { signal })),
    transferLeader: async (names, to) => {
      const target: ApiTransfer = { to };
      await call(names, CHANGE_DEADLINE_MS, (client, signal) => client.transferLeader(target, { signal }));
    },
  };
}
