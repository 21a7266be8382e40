/** All members of a cluster as they see themselves, and the rows of a table of them. */
import type { Client, EndpointStatus } from '../client/client.ts';
import type { ApiStatus } from '../client/types.ts';
import { type Cell, formatBytes } from './table.ts';

export type MemberView = {
  readonly endpoint: string;
  readonly status: ApiStatus | null;
  /** Why it is not ready or does not answer; null when it is well. */
  readonly trouble: string | null;
};

/** Asks the endpoints, and the members that those know of besides. */
export async function viewMembers(client: Client): Promise<MemberView[]> {
  const asked = await client.statuses();
  const known = new Set(
    asked.flatMap((one) => ('status' in one ? [one.status.client_url, one.endpoint] : [one.endpoint])),
  );
  const others = new Set(
    asked
      .flatMap((one) => ('status' in one ? (one.status.members ?? []) : []))
      .flatMap(({ client_url }) => client_url ?? []),
  );
  const more = [...others].filter((url) => !known.has(url)).map(async (url) => (await client.at(url).statuses())[0]!);
  return Promise.all([...asked, ...(await Promise.all(more))].map((one) => withTrouble(client, one)));
}

async function withTrouble(client: Client, one: EndpointStatus): Promise<MemberView> {
  const { endpoint } = one;
  if ('error' in one)
    return {
      endpoint,
      status: null,
      trouble: one.error.message.replace(/^no member answered: /, '').replace(`${endpoint}: `, ''),
    };
  const { status } = one;
  if (status.state === 'Parked')
    return {
      endpoint,
      status,
      trouble: `parked: ${status.reason}${status.message === undefined ? '' : `, ${status.message}`}`,
    };
  const trouble = await notReady(client.at(endpoint));
  return { endpoint, status, trouble: trouble ?? troubleWithData(status) };
}

async function notReady(member: Client): Promise<string | null> {
  try {
    const failed = (await member.readiness({ signal: AbortSignal.timeout(3_000) })).checks.find(({ ok }) => !ok);
    return failed === undefined ? null : (failed.message ?? failed.name);
  } catch (error) {
    return (error as Error).message;
  }
}

function troubleWithData(status: ApiStatus): string | null {
  if ((status.corrupt_members ?? []).length > 0) return 'members hold different keys: writes are refused';
  return status.no_space === true ? 'the disk is nearly full' : null;
}

export function roleOf(status: ApiStatus): string {
  return status.state === 'Member' ? (status.role ?? status.state) : status.state;
}

export const statusHeaders: readonly string[] = [
  'MEMBER',
  'ENDPOINT',
  'ROLE',
  'TERM',
  'COMMIT',
  'APPLIED',
  'LAG',
  'DB SIZE',
  'HEALTHY',
];

export function statusRows(views: readonly MemberView[]): Cell[][] {
  const newestCommit = Math.max(0, ...views.map(({ status }) => status?.commit ?? 0));
  return views.map(({ endpoint, status, trouble }) => {
    const healthy = trouble === null ? 'yes' : `no: ${trouble}`;
    if (status === null) return [null, endpoint, null, null, null, null, null, null, healthy];
    const { name, term, commit, applied, db_size_bytes: size } = status;
    const lag = applied === undefined ? null : newestCommit - applied;
    const figures = [term ?? null, commit ?? null, applied ?? null, lag, size === undefined ? null : formatBytes(size)];
    return [name, endpoint, roleOf(status), ...figures, healthy];
  });
}
