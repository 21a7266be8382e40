/** The state as a row, and changes as part of entries. */
import type { EngineOperation, EngineReader } from '../engine.ts';
import { DamagedRecord, UnknownEntry } from '../errors.ts';
import { metaKey } from '../row-keys.ts';
import { type AuthChange, type AuthState, NO_AUTH } from './state.ts';

const ROW = metaKey('auth');
const kinds: readonly AuthChange['kind'][] = [
  'Enable',
  'Disable',
  'AddUser',
  'DeleteUser',
  'ChangePassword',
  'GrantRole',
  'RevokeRole',
  'AddRole',
  'DeleteRole',
  'GrantPermission',
  'RevokePermission',
];

export async function readAuth(reader: EngineReader): Promise<AuthState> {
  const row = await reader.get(ROW);
  return row === null ? NO_AUTH : (JSON.parse(row.toString()) as AuthState);
}

export function putAuth(state: AuthState): EngineOperation {
  return { kind: 'Put', key: ROW, value: Buffer.from(JSON.stringify(state)) };
}

/** The number of its kind, which is never reused, and the rest. */
export function encodeAuthChange(change: AuthChange): { readonly number: number; readonly text: string } {
  const { kind, ...rest } = change;
  return { number: kinds.indexOf(kind), text: JSON.stringify(rest) };
}

/** @throws UnknownEntry, DamagedRecord */
export function decodeAuthChange(number: number, text: string): AuthChange {
  const kind = kinds[number];
  if (kind === undefined) throw new UnknownEntry('change of users and roles', number);
  try {
    return { kind, ...(JSON.parse(text) as object) } as AuthChange;
  } catch {
    throw new DamagedRecord(`a change of users and roles, ${kind}, is no JSON`);
  }
}
