/** Unsigned integers below 2^53 in eight little-endian bytes. */

const HALF = 0x1_0000_0000;

export const UINT53_BYTES = 8;

export function writeUint53(target: Buffer, value: number, offset: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not an integer of 53 bits`);
  target.writeUInt32LE(value % HALF, offset);
  target.writeUInt32LE(Math.floor(value / HALF), offset + 4);
}

export function readUint53(source: Buffer, offset: number): number {
  return source.readUInt32LE(offset + 4) * HALF + source.readUInt32LE(offset);
}
