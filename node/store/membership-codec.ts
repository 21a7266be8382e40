/** Membership as bytes, in rows and in remembered answers. */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import type { MemberRecord, Membership } from './types.ts';

export function writeMembership(writer: ByteWriter, membership: Membership): void {
  writer.varint(membership.configIndex);
  writer.varint(membership.lastMemberId);
  writer.varint(membership.members.length);
  for (const member of membership.members) {
    writer.varint(member.id);
    writer.text(member.name);
    writer.text(member.peerAddress);
    writer.text(member.incarnation);
  }
  writeIds(writer, membership.voters);
  writer.u8(membership.leaving === null ? 0 : 1);
  if (membership.leaving !== null) writeIds(writer, membership.leaving);
}

export function readMembership(reader: ByteReader): Membership {
  const configIndex = reader.varint();
  const lastMemberId = reader.varint();
  const members: MemberRecord[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) {
    members.push({
      id: reader.varint(),
      name: reader.text(),
      peerAddress: reader.text(),
      incarnation: reader.text(),
    });
  }
  const voters = readIds(reader);
  const leaving = reader.u8() === 0 ? null : readIds(reader);
  return { configIndex, lastMemberId, members, voters, leaving };
}

function writeIds(writer: ByteWriter, ids: readonly number[]): void {
  writer.varint(ids.length);
  for (const id of ids) writer.varint(id);
}

function readIds(reader: ByteReader): number[] {
  const ids: number[] = [];
  for (let left = reader.varint(); left > 0; left -= 1) ids.push(reader.varint());
  return ids;
}
