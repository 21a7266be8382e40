/**
 * Forming a cluster, once, by the contract's calls: every listed member reachable, empty and agreeing, never a majority
 * of them. The record is made from the members' incarnations alone, so whoever forms, and however often it is broken off
 * and begun again, sends the same one; members that have accepted a record decide for those that have not.
 */

import type { Client } from './client.ts';
import { QuorateError } from './errors.ts';
import { isPassing } from './retry.ts';
import type { ApiBootstrap, ApiStatus } from './types.ts';
import { waitMs } from './wait.ts';

export type Founder = {
  /** Client URL. */
  readonly endpoint: string;
  /** What the member must call itself; undefined takes what it says. */
  readonly name?: string | undefined;
};

export type FormOptions = {
  /** Ends the wait for members that are away. */
  readonly signal?: AbortSignal | undefined;
  /** Told what is waited for, when that changes. */
  readonly onWait?: ((message: string) => void) | undefined;
};

/** A founder as it answers, null while it does not. */
export type FounderView = Founder & { readonly status: ApiStatus | null };

export type FormingStep =
  | { readonly kind: 'Wait'; readonly message: string }
  | { readonly kind: 'Refuse'; readonly message: string }
  | { readonly kind: 'Send'; readonly record: ApiBootstrap; readonly to: readonly string[] }
  | { readonly kind: 'Formed'; readonly clusterId: string };

const POLL_MS = 100;

/**
 * Resolves with the cluster's id when all founders hold the same record; a leader comes a moment later.
 *
 * @throws {QuorateError} `grant_conflict` when they cannot become one cluster; the message says which member and why
 */
export async function formCluster(
  client: Client,
  founders: readonly Founder[],
  options: FormOptions = {},
): Promise<string> {
  const { signal } = options;
  for (let lastMessage = ''; ; ) {
    const views = await Promise.all(founders.map((founder) => view(client, founder, signal)));
    const step = await nextFormingStep(views);
    switch (step.kind) {
      case 'Formed':
        return step.clusterId;
      case 'Refuse':
        throw new QuorateError('grant_conflict', step.message);
      case 'Send':
        await Promise.all(step.to.map((endpoint) => send(client.at(endpoint), step.record, signal)));
        break;
      case 'Wait':
        if (step.message !== lastMessage) options.onWait?.(step.message);
        lastMessage = step.message;
    }
    await waitMs(POLL_MS, signal);
  }
}

/** What to do about founders that look like this. */
export async function nextFormingStep(views: readonly FounderView[]): Promise<FormingStep> {
  const members: Answering[] = [];
  for (const { endpoint, name, status } of views) {
    if (status === null) continue;
    if (name !== undefined && name !== status.name)
      return refuse(`${endpoint} is member '${status.name}', not '${name}'`);
    if (status.state === 'Parked' && status.reason !== 'NoData') {
      return refuse(
        `'${status.name}' at ${endpoint} is parked (${status.reason ?? 'no reason given'}): ${status.message ?? ''}`,
      );
    }
    members.push({ endpoint, status });
  }
  const disagreement = findDisagreement(members);
  if (disagreement !== null) return refuse(disagreement);
  const away = views.filter((founder) => founder.status === null);
  if (away.length > 0) return { kind: 'Wait', message: `waiting for ${away.map(nameOf).join(', ')}` };

  const granted = members.filter(({ status }) => status.cluster_id !== undefined);
  const empty = members.filter(({ status }) => status.cluster_id === undefined);
  if (granted.length === 0)
    return {
      kind: 'Send',
      record: await foundingRecord(empty.map(({ status }) => status)),
      to: empty.map(({ endpoint }) => endpoint),
    };
  const clusterId = granted[0]!.status.cluster_id!;
  if (empty.length === 0) return { kind: 'Formed', clusterId };

  const record = granted.find(({ status }) => status.founding !== undefined)?.status.founding;
  for (const { endpoint, status } of empty) {
    const isFounder = record?.founders.some((founder) => founder.incarnation === status.incarnation) === true;
    if (!isFounder) return refuse(strangerMessage(endpoint, status, granted[0]!.status));
  }
  return { kind: 'Send', record: record!, to: empty.map(({ endpoint }) => endpoint) };
}

type Answering = { readonly endpoint: string; readonly status: ApiStatus };

/** Ids in order of name; the cluster id is a digest of it all, so equal founders make an equal record. */
export async function foundingRecord(
  statuses: readonly Pick<ApiStatus, 'name' | 'peer_address' | 'incarnation'>[],
): Promise<ApiBootstrap> {
  const founders = statuses
    .map(({ name, peer_address, incarnation }) => ({ name, peer_address, incarnation }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((founder, index) => ({ id: index + 1, ...founder }));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(founders)));
  const hexadecimal = Array.from(new Uint8Array(digest, 0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { cluster_id: hexadecimal, founders };
}

function findDisagreement(members: readonly Answering[]): string | null {
  const held = new Map<string, string>();
  for (const { endpoint, status } of members) {
    for (const property of ['incarnation', 'name', 'peer_address'] as const) {
      const holder = held.get(`${property} ${status[property]}`);
      if (holder !== undefined)
        return `${holder} and ${endpoint} have the same ${property.replace('_', ' ')}, '${status[property]}'`;
      held.set(`${property} ${status[property]}`, endpoint);
    }
  }
  const [first, ...others] = members.filter(({ status }) => status.initial_cluster !== undefined);
  for (const other of others) {
    if (listOf(first!) !== listOf(other)) {
      return `${first!.endpoint} was told to form with ${listOf(first!)}, ${other.endpoint} with ${listOf(other)}; give all the same --initial-cluster`;
    }
  }
  const [granted, ...rest] = members.filter(({ status }) => status.cluster_id !== undefined);
  for (const other of rest) {
    if (other.status.cluster_id !== granted!.status.cluster_id) {
      return `${granted!.endpoint} belongs to cluster ${granted!.status.cluster_id}, ${other.endpoint} to cluster ${other.status.cluster_id}`;
    }
  }
  return null;
}

function listOf({ status }: Answering): string {
  return (status.initial_cluster ?? []).join(',');
}

function strangerMessage(endpoint: string, stranger: ApiStatus, member: ApiStatus): string {
  const holder = member.members?.find(
    ({ name, peer_address }) => name === stranger.name || peer_address === stranger.peer_address,
  );
  const mend =
    holder === undefined
      ? 'start it with --join'
      : `remove ${holder.id} first, or start it with --join and --replace ${holder.id}`;
  return `'${stranger.name}' at ${endpoint} is empty and was not among the founders of cluster ${member.cluster_id}, to which '${member.name}' belongs: ${mend}`;
}

function refuse(message: string): FormingStep {
  return { kind: 'Refuse', message };
}

function nameOf({ endpoint, name }: Founder): string {
  return name === undefined ? endpoint : `'${name}' at ${endpoint}`;
}

async function view(client: Client, founder: Founder, signal: AbortSignal | undefined): Promise<FounderView> {
  try {
    return { ...founder, status: await client.at(founder.endpoint).status({ signal, timeoutMs: 1_000 }) };
  } catch (error) {
    if (error instanceof QuorateError && isPassing(error)) return { ...founder, status: null };
    throw error;
  }
}

/** A refusal is not final here: what the member holds instead shows at the next look, which says more. */
async function send(member: Client, record: ApiBootstrap, signal: AbortSignal | undefined): Promise<void> {
  try {
    await member.bootstrap(record, { signal, timeoutMs: 5_000 });
  } catch (error) {
    const isSettled = error instanceof QuorateError && (error.code === 'grant_conflict' || error.code === 'not_parked');
    if (!isSettled && !(error instanceof QuorateError && isPassing(error))) throw error;
  }
}
