/**
 * The one place that says who may do what. Every command is flattened, with all that it nests, into keys and the right to
 * them that it needs; what is not granted is denied.
 */
import { isOpenEnded, keyAfter } from '../key-range.ts';
import type { Command, Keys, Txn, TxnOperation } from '../types.ts';
import { type AuthState, type Permission, type Right, ROOT } from './state.ts';

export type Need = Keys & { readonly right: 'Read' | 'Write' };

/** What a command needs. `Root`: the role of that name. `User`: to be somebody. */
export type Needs = {
  readonly rank: 'User' | 'Root';
  readonly keys: readonly Need[];
  /** Leases that the command attaches keys to, or ends: it needs to write to all that is attached to them. */
  readonly leases: readonly bigint[];
};

export function needsOf(command: Command): Needs {
  switch (command.kind) {
    case 'Put':
    case 'DeleteRange':
    case 'Range':
    case 'Txn': {
      const keys: Need[] = [];
      const leases = new Set<bigint>();
      addNeeds(command, keys, leases);
      return { rank: 'User', keys, leases: [...leases] };
    }
    case 'LeaseGrant':
      return { rank: 'User', keys: [], leases: [] };
    case 'LeaseRevoke':
      return { rank: 'User', keys: [], leases: [command.id] };
    case 'Compact':
    case 'LeaseExpire':
    case 'LeaseCheckpoint':
    case 'ChangeMembership':
    case 'RaiseFormat':
    case 'ChangeAuth':
    case 'MarkCorrupt':
      return { rank: 'Root', keys: [], leases: [] };
  }
}

/** Whether a command of this kind, once authentication is enabled, must have come from a user: members propose the others. */
export function isOfUser({ kind }: Command): boolean {
  switch (kind) {
    case 'Put':
    case 'DeleteRange':
    case 'Range':
    case 'Txn':
    case 'LeaseGrant':
    case 'LeaseRevoke':
    case 'ChangeAuth':
      return true;
    case 'Compact':
    case 'LeaseExpire':
    case 'LeaseCheckpoint':
    case 'ChangeMembership':
    case 'RaiseFormat':
    case 'MarkCorrupt':
      return false;
  }
}

function addNeeds(command: Txn | TxnOperation, keys: Need[], leases: Set<bigint>): void {
  switch (command.kind) {
    case 'Range':
      keys.push({ key: command.key, rangeEnd: command.rangeEnd, right: 'Read' });
      return;
    case 'Put':
      keys.push({ key: command.key, rangeEnd: null, right: 'Write' });
      if (command.returnPrevious) keys.push({ key: command.key, rangeEnd: null, right: 'Read' });
      if (command.lease !== 0n) leases.add(command.lease);
      return;
    case 'DeleteRange':
      keys.push({ key: command.key, rangeEnd: command.rangeEnd, right: 'Write' });
      if (command.returnPrevious) keys.push({ key: command.key, rangeEnd: command.rangeEnd, right: 'Read' });
      return;
    case 'Txn':
      for (const { key, rangeEnd } of command.compares) keys.push({ key, rangeEnd, right: 'Read' });
      for (const operation of command.success) addNeeds(operation, keys, leases);
      for (const operation of command.failure) addNeeds(operation, keys, leases);
  }
}

export function isRoot(state: AuthState, userName: string): boolean {
  return rolesOf(state, userName).includes(ROOT);
}

/** Whether this user has this right to all of these keys: the union of what its roles have must cover them without a gap. */
export function permits(state: AuthState, userName: string, need: Need): boolean {
  const names = rolesOf(state, userName);
  if (names.includes(ROOT)) return true;
  const granted = state.roles
    .filter(({ name }) => names.includes(name))
    .flatMap(({ permissions }) => permissions)
    .filter(({ right }) => includes(right, need.right))
    .map(intervalOf)
    .sort((a, b) => Buffer.compare(a.from, b.from));
  const { from, to } = intervalOfKeys(need);
  let covered = from;
  for (const interval of granted) {
    if (Buffer.compare(interval.from, covered) > 0) return false;
    if (interval.to === null) return true;
    if (Buffer.compare(interval.to, covered) > 0) covered = interval.to;
    if (to !== null && Buffer.compare(covered, to) >= 0) return true;
  }
  return to !== null && Buffer.compare(covered, to) >= 0;
}

function rolesOf({ users }: AuthState, userName: string): readonly string[] {
  return users.find(({ name }) => name === userName)?.roles ?? [];
}

function includes(held: Right, needed: Need['right']): boolean {
  return held === 'ReadWrite' || held === needed;
}

/** Half-open; `to` null: no end. */
type Interval = { readonly from: Buffer; readonly to: Buffer | null };

function intervalOf({ key, rangeEnd }: Permission): Interval {
  return intervalOfKeys({
    key: Buffer.from(key, 'base64'),
    rangeEnd: rangeEnd === null ? null : Buffer.from(rangeEnd, 'base64'),
  });
}

function intervalOfKeys(keys: Keys): Interval {
  const { key, rangeEnd } = keys;
  if (rangeEnd === null) return { from: key, to: keyAfter(key) };
  return { from: key, to: isOpenEnded(keys) ? null : rangeEnd };
}
