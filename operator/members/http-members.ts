/** Implements `Members` over the HTTP API of the members of one RaftCluster. */
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
  /** The admin token from the cluster's Secret; null before the Secret exists. */
  readonly token: string | null;
  readonly fetch: Fetch;
};

/** For requests that a member answers from its own state. */
const LOCAL_DEADLINE_MS = 2000;
/** For requests that need the agreement of a quorum. */
const QUORUM_DEADLINE_MS = 3000;
/** For changes: each waits for disk writes, a membership change for those of a quorum, a joint one for two in a row. */
const CHANGE_DEADLINE_MS = 8000;

/** Tries each member once. The next pass retries a failed call, after it has observed the cluster anew. */
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
