/**
 * Log entries as bytes. Byte 0 is the version: a member that meets one it does not know stops (`UnknownEntry`).
 *
 *   0 version · 1 flags · 2 leader time (6 bytes) · 8 origin (6) · 14 sequence (6) · 20 [idempotency] [auth revision] command
 */
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readCommand, writeCommand } from './command-codec.ts';
import { DamagedRecord, UnknownEntry } from './errors.ts';
import type { Command, Proposal } from './types.ts';

const VERSION = 1;
const TIME_OFFSET = 2;
const TIME_BYTES = 6;
const HAS_IDEMPOTENCY = 1;
const HAS_AUTH_REVISION = 2;
const FINGERPRINT_BYTES = 32;

export function encodeProposal(proposal: Proposal): Buffer {
  const { idempotency, authRevision, command } = proposal;
  const writer = new ByteWriter(160 + payloadBytes(command));
  writer.u8(VERSION);
  writer.u8((idempotency === null ? 0 : HAS_IDEMPOTENCY) | (authRevision === undefined ? 0 : HAS_AUTH_REVISION));
  writer.u48(proposal.timeMs);
  writer.u48(proposal.origin);
  writer.u48(proposal.sequence);
  if (idempotency !== null) {
    writer.text(idempotency.key);
    writer.raw(idempotency.fingerprint);
  }
  if (authRevision !== undefined) writer.varint(authRevision);
  writeCommand(writer, command);
  return writer.finish();
}

/**
 * Keys and values of the result are views of `data`, which must not change any more.
 *
 * @throws UnknownEntry for a version or kind of a newer build
 * @throws DamagedRecord for anything else that `encodeProposal` does not write
 */
export function decodeProposal(data: Uint8Array): Proposal {
  const reader = new ByteReader(data);
  const version = reader.u8();
  if (version !== VERSION) throw new UnknownEntry('version', version);
  const flags = reader.u8();
  if (flags > HAS_IDEMPOTENCY + HAS_AUTH_REVISION) throw new UnknownEntry('flags', flags);
  const timeMs = reader.u48();
  const origin = reader.u48();
  const sequence = reader.u48();
  const idempotency =
    (flags & HAS_IDEMPOTENCY) !== 0 ? { key: reader.text(), fingerprint: reader.raw(FINGERPRINT_BYTES) } : null;
  const authRevision = (flags & HAS_AUTH_REVISION) !== 0 ? { authRevision: reader.varint() } : null;
  const command = readCommand(reader);
  reader.end();
  return { origin, sequence, timeMs, idempotency, ...authRevision, command };
}

/** Writes the leader's time into an encoded proposal, in place: it is known only when the leader appends. */
export function stampTime(data: Uint8Array, timeMs: number): void {
  if (data[0] !== VERSION) throw new DamagedRecord('only an encoded proposal can be stamped with a time');
  let rest = timeMs;
  for (let at = TIME_OFFSET + TIME_BYTES - 1; at >= TIME_OFFSET; at -= 1) {
    data[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

function payloadBytes(command: Command): number {
  return command.kind === 'Put' ? command.key.length + command.value.length : 256;
}
