/** An encoder that uses all of HPACK, as clients do and we do not; which representation it takes is up to its caller. */
import { huffmanCodes } from '../huffman-code.ts';
import { staticTable } from '../static-table.ts';

export type Representation = 'Kept' | 'NotKept' | 'NeverKept';
export type TestField = {
  readonly name: string;
  readonly value: string;
  readonly representation: Representation;
  readonly isHuffman: boolean;
};

/** Name bits of the first byte, and how many bits an index has in it (RFC 7541, section 6). */
const REPRESENTATIONS = { Kept: [0x40, 0x3f], NotKept: [0, 0x0f], NeverKept: [0x10, 0x0f] } as const;

export class TestEncoder {
  /** Newest first. */
  readonly #table: { name: string; value: string }[] = [];
  #maxBytes = 4096;

  encode(fields: readonly TestField[], resize: number | null = null): Buffer {
    const parts: number[] = [];
    if (resize !== null) {
      this.#maxBytes = resize;
      this.#evict();
      parts.push(...integer(resize, 0x20, 0x1f));
    }
    for (const field of fields) parts.push(...this.#field(field));
    return Buffer.from(parts);
  }

  #field({ name, value, representation, isHuffman }: TestField): number[] {
    const known = [...staticTable, ...this.#table];
    const whole = known.findIndex((field) => field.name === name && field.value === value);
    if (whole >= 0 && representation === 'Kept') return integer(whole + 1, 0x80, 0x7f);
    const named = known.findIndex((field) => field.name === name) + 1;
    const [bits, mask] = REPRESENTATIONS[representation];
    if (representation === 'Kept') {
      this.#table.unshift({ name, value });
      this.#evict();
    }
    return [
      ...integer(named, bits, mask),
      ...(named === 0 ? string(name, isHuffman) : []),
      ...string(value, isHuffman),
    ];
  }

  #evict(): void {
    const size = (): number => this.#table.reduce((sum, { name, value }) => sum + name.length + value.length + 32, 0);
    while (size() > this.#maxBytes) this.#table.pop();
  }
}

export function huffman(text: string): Buffer {
  let bits = '';
  for (const byte of Buffer.from(text, 'latin1')) {
    const { code, bits: length } = huffmanCodes[byte]!;
    bits += code.toString(2).padStart(length, '0');
  }
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  return Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
}

function string(text: string, isHuffman: boolean): number[] {
  const bytes = isHuffman ? huffman(text) : Buffer.from(text, 'latin1');
  return [...integer(bytes.length, isHuffman ? 0x80 : 0, 0x7f), ...bytes];
}

function integer(value: number, bits: number, mask: number): number[] {
  if (value < mask) return [bits | value];
  const bytes = [bits | mask];
  let rest = value - mask;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  return [...bytes, rest];
}
