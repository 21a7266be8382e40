/** Reads header blocks (RFC 7541, section 6), in the order in which they came: each may build on those before. */
import { DynamicTable } from './dynamic-table.ts';
import { HeaderField } from './header-field.ts';
import { HpackError } from './hpack-error.ts';
import { decodeHuffman } from './huffman.ts';
import { staticTable } from './static-table.ts';

/** Larger than any of ours may be, and safe to shift. */
const MAX_INTEGER = 0x7fffffff;

export class HpackDecoder {
  readonly #maxTableBytes: number;
  readonly #maxListBytes: number;
  readonly #table: DynamicTable;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #hasChanged = false;

  /**
   * @param maxTableBytes what SETTINGS_HEADER_TABLE_SIZE allows the sender
   * @param maxListBytes of the fields of one block, as SETTINGS_MAX_HEADER_LIST_SIZE counts them
   */
  constructor(maxTableBytes: number, maxListBytes: number) {
    this.#maxTableBytes = maxTableBytes;
    this.#maxListBytes = maxListBytes;
    this.#table = new DynamicTable(maxTableBytes);
  }

  /** Whether the last block has changed the table: the same bytes may mean something else after it. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /**
   * The fields of one whole block; null for more than a list may hold: the table has taken note of them all the same.
   * @throws HpackError
   */
  decode(bytes: Buffer, start: number, end: number): HeaderField[] | null {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#hasChanged = false;
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let mayResize = true;
    while (this.#at < end) {
      const first = bytes[this.#at]!;
      if ((first & 0xe0) === 0x20) {
        if (!mayResize) throw new HpackError('a table size update after the first field of a block');
        this.#resize();
        continue;
      }
      mayResize = false;
      const field = this.#readField(first);
      listBytes += field.sizeBytes;
      if (listBytes <= this.#maxListBytes) fields.push(field);
    }
    return listBytes <= this.#maxListBytes ? fields : null;
  }

  #readField(first: number): HeaderField {
    if (first >= 0x80) return this.#indexed(this.#integer(0x7f));
    const isKept = first >= 0x40;
    const nameIndex = this.#integer(isKept ? 0x3f : 0x0f);
    const name = nameIndex === 0 ? this.#string() : this.#indexed(nameIndex).name;
    const field = new HeaderField(name, this.#string());
    if (isKept) {
      this.#hasChanged = true;
      this.#table.add(field);
    }
    return field;
  }

  #resize(): void {
    const maxBytes = this.#integer(0x1f);
    if (maxBytes > this.#maxTableBytes) throw new HpackError(`a table of ${maxBytes} bytes was not allowed`);
    this.#hasChanged = true;
    this.#table.resize(maxBytes);
  }

  #indexed(index: number): HeaderField {
    const field = index <= staticTable.length ? staticTable[index - 1] : this.#table.at(index - staticTable.length - 1);
    if (field === undefined) throw new HpackError(`no field has index ${index}`);
    return field;
  }

  /** Section 5.1. @param mask of the prefix's bits */
  #integer(mask: number): number {
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      // A fifth byte of continuation says nothing that any of our integers could mean.
      if (shift > 21) throw new HpackError('an integer of a header block is too large');
      value += (byte & 0x7f) << shift;
      if (value > MAX_INTEGER) throw new HpackError('an integer of a header block is too large');
      if (byte < 0x80) return value;
    }
  }

  /** Section 5.2. */
  #string(): string {
    const isHuffman = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(0x7f);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw new HpackError('a string goes beyond its header block');
    this.#at = end;
    return isHuffman ? decodeHuffman(this.#bytes, start, end) : this.#bytes.toString('latin1', start, end);
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new HpackError('a header block ends within a field');
    const byte = this.#bytes[this.#at]!;
    this.#at += 1;
    return byte;
  }
}
