/**
 * Members that are marked because their keys differ from those of a quorum: replicated, so that all refuse writes from the
 * same entry on. 0 stands for a difference of which no quorum says whose it is.
 */
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { EngineOperation, EngineReader } from './engine.ts';
import { metaKey } from './row-keys.ts';
import type { Command, MarkCorrupt, Membership } from './types.ts';

const ROW = metaKey('corrupt');
const NOBODY: readonly number[] = [];

export async function readCorrupt(reader: EngineReader): Promise<readonly number[]> {
  const row = await reader.get(ROW);
  if (row === null) return NOBODY;
  const fields = new ByteReader(row);
  const count = fields.varint();
  const members: number[] = [];
  for (let n = 0; n < count; n += 1) members.push(fields.varint());
  fields.end();
  return members;
}

export function putCorrupt(members: readonly number[]): EngineOperation {
  if (members.length === 0) return { kind: 'Delete', key: ROW };
  const writer = new ByteWriter(32);
  writer.varint(members.length);
  for (const id of members) writer.varint(id);
  return { kind: 'Put', key: ROW, value: writer.finish() };
}

/** What the command makes of those that are marked; who is no member is not marked. */
export function marked(
  present: readonly number[],
  { members, isCorrupt }: MarkCorrupt,
  membership: Membership,
): { readonly corrupt: readonly number[]; readonly changed: readonly number[] } {
  const changed = sorted(amongMembers(members, membership).filter((id) => present.includes(id) !== isCorrupt));
  const corrupt = isCorrupt ? sorted([...present, ...changed]) : present.filter((id) => !changed.includes(id));
  return { corrupt, changed };
}

/** The mark of a member goes with it. The same object when nothing goes. */
export function amongMembers(marks: readonly number[], { members }: Membership): readonly number[] {
  const left = marks.filter((id) => id === 0 || members.some((member) => member.id === id));
  return left.length === marks.length ? marks : left;
}

/** Commands that are refused while a member is marked; as in etcd, those that change keys and leases. */
export function changesKeys({ kind }: Command): boolean {
  switch (kind) {
    case 'Put':
    case 'DeleteRange':
    case 'Range':
    case 'Txn':
    case 'Compact':
    case 'LeaseGrant':
    case 'LeaseRevoke':
    case 'LeaseExpire':
      return true;
    case 'LeaseCheckpoint':
    case 'ChangeMembership':
    case 'RaiseFormat':
    case 'ChangeAuth':
    case 'MarkCorrupt':
      return false;
  }
}

function sorted(ids: readonly number[]): readonly number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}
