/**
 * A small record in a file of its own that a crash leaves old or new, never between: JSON that a person can read,
 * after a line with format, length and CRC of all.
 */
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Disk } from './disk.ts';
import { DataDamaged, NewerFormat } from './errors.ts';

const FIRST_LINE = /^quorate record, format (\d{1,6}), /;

export function encodeRecord(value: unknown, format: number): Buffer {
  const body = `${JSON.stringify(value, null, 2)}\n`;
  return Buffer.from(firstLine(body, format) + body);
}

/**
 * @param file named in errors
 * @throws DataDamaged
 * @throws NewerFormat
 */
export function decodeRecord(file: string, bytes: Buffer, format: number): unknown {
  const text = bytes.toString();
  const found = FIRST_LINE.exec(text)?.[1];
  const body = text.slice(text.indexOf('\n') + 1);
  if (found === undefined || !bytes.equals(Buffer.from(firstLine(body, Number(found)) + body))) {
    throw new DataDamaged(file, 0, 'the record does not match its checksum');
  }
  if (Number(found) > format) throw new NewerFormat(file, Number(found), format);
  return JSON.parse(body);
}

/** Durable when it resolves. */
export async function writeRecordFile(disk: Disk, folder: string, name: string, bytes: Buffer): Promise<void> {
  const temporary = join(folder, temporaryName(name));
  const file = await disk.open(temporary, 'create').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    await disk.remove(temporary);
    return disk.open(temporary, 'create');
  });
  try {
    await file.write([bytes], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, join(folder, name));
  await disk.syncFolder(folder);
}

/** What a crash in `writeRecordFile` leaves behind; the next write of the same name replaces it. */
export function temporaryName(name: string): string {
  return `${name}.new`;
}

/** Null when there is none. */
export async function readWholeFile(disk: Disk, path: string): Promise<Buffer | null> {
  let file: Awaited<ReturnType<Disk['open']>>;
  try {
    file = await disk.open(path, 'read');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

function firstLine(body: string, format: number): string {
  const crc = crc32(body, crc32(String(format)));
  return `quorate record, format ${format}, ${Buffer.byteLength(body)} bytes, crc32 ${crc.toString(16).padStart(8, '0')}\n`;
}
