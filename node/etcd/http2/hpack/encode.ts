/**
 * Writes header blocks that any peer can read at any time: nothing in them builds on what was sent before, and nothing
 * is to be remembered (RFC 7541, section 6.2.2). So the same fields are always the same bytes, and can be made once.
 */
import { staticTable } from './static-table.ts';

/** Forgets all that the reader remembers: what a lower SETTINGS_HEADER_TABLE_SIZE wants to be told (section 4.2). */
export const FORGET_TABLE: Buffer = Buffer.from([0x20]);

const indexByField = new Map(staticTable.map(({ name, value }, at) => [`${name}\n${value}`, at + 1]));
const indexByName = new Map(staticTable.map(({ name }, at) => [name, at + 1] as const).toReversed());

/** Names in lower case; each character of a value is one byte. */
export function encodeHeaders(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of fields) {
    const index = indexByField.get(`${name}\n${value}`);
    if (index !== undefined) {
      parts.push(integer(index, 0x80, 0x7f));
      continue;
    }
    const nameIndex = indexByName.get(name) ?? 0;
    parts.push(integer(nameIndex, 0, 0x0f));
    if (nameIndex === 0) parts.push(...string(name));
    parts.push(...string(value));
  }
  return Buffer.concat(parts);
}

function string(text: string): [Buffer, Buffer] {
  return [integer(text.length, 0, 0x7f), Buffer.from(text, 'latin1')];
}

/** Section 5.1. */
function integer(value: number, flags: number, mask: number): Buffer {
  if (value < mask) return Buffer.from([flags | value]);
  const bytes = [flags | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) bytes.push(0x80 | (rest & 0x7f));
  bytes.push(rest);
  return Buffer.from(bytes);
}
