/**
 * The rows of a model engine as they lie on a simulated disk: an ordered map, the batches that are not flushed
 * yet, and a hash of all rows that two members can compare.
 */
import type { EngineOperation } from '../../node/store/engine.ts';
import type { Random } from './random.ts';

export type Batch = readonly EngineOperation[];

/** An ordered map of byte strings, kept as Latin-1 text so that text order is unsigned byte order. */
export class OrderedRows {
  readonly #keys: string[];
  readonly #values: Map<string, Buffer>;
  #hashHigh = 0;
  #hashLow = 0;
  sizeBytes = 0;
  readonly #isHashed: (key: string) => boolean;

  /** @param isHashed which rows two members must have in common */
  constructor(isHashed: (key: string) => boolean, from?: OrderedRows) {
    this.#isHashed = isHashed;
    this.#keys = from ? [...from.#keys] : [];
    this.#values = from ? new Map(from.#values) : new Map();
    if (!from) return;
    this.#hashHigh = from.#hashHigh;
    this.#hashLow = from.#hashLow;
    this.sizeBytes = from.sizeBytes;
  }

  /** The same for equal rows that are in common, however they came to be. */
  get hash(): string {
    return `${(this.#hashHigh >>> 0).toString(16)}:${(this.#hashLow >>> 0).toString(16)}`;
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  /** Keys in [from, to), in order. */
  keysIn(from: string, to: string): string[] {
    return from < to ? this.#keys.slice(this.#position(from), this.#position(to)) : [];
  }

  apply(batch: Batch): void {
    for (const operation of batch) {
      if (operation.kind === 'Put') this.#put(text(operation.key), Buffer.from(operation.value));
      else if (operation.kind === 'Delete') this.#delete(text(operation.key));
      else for (const key of this.keysIn(text(operation.from), text(operation.to))) this.#delete(key);
    }
  }

  #put(key: string, value: Buffer): void {
    const present = this.#values.get(key);
    if (present === undefined) this.#keys.splice(this.#position(key), 0, key);
    else this.#count(key, present, -1);
    this.#values.set(key, value);
    this.#count(key, value, 1);
  }

  #delete(key: string): void {
    const present = this.#values.get(key);
    if (present === undefined) return;
    this.#values.delete(key);
    this.#keys.splice(this.#position(key), 1);
    this.#count(key, present, -1);
  }

  #count(key: string, value: Buffer, sign: 1 | -1): void {
    this.sizeBytes += sign * (key.length + value.length);
    if (!this.#isHashed(key)) return;
    const [high, low] = rowHash(key, value);
    this.#hashHigh = (this.#hashHigh + sign * high) | 0;
    this.#hashLow = (this.#hashLow + sign * low) | 0;
  }

  /** Of the first key that is not below `key`. */
  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class ModelRows {
  readonly #isHashed: (key: string) => boolean;
  #rows: OrderedRows;
  /** Snapshots hold `#rows` itself: the next write then goes to a copy. */
  #isShared = false;
  #flushed: OrderedRows;
  #unflushed: Batch[] = [];
  #flushedThrough = 0;
  isOpen = false;
  /** Batches so far, of all processes. */
  writeCount = 0;

  constructor(isHashed: (key: string) => boolean) {
    this.#isHashed = isHashed;
    this.#rows = new OrderedRows(isHashed);
    this.#flushed = new OrderedRows(isHashed);
  }

  get current(): OrderedRows {
    return this.#rows;
  }

  get sizeBytes(): number {
    return this.#rows.sizeBytes;
  }

  share(): OrderedRows {
    this.#isShared = true;
    return this.#rows;
  }

  write(batch: Batch): void {
    if (this.#isShared) this.#rows = new OrderedRows(this.#isHashed, this.#rows);
    this.writeCount++;
    this.#isShared = false;
    this.#rows.apply(batch);
    this.#unflushed.push(batch);
  }

  /** Batches so far; a flush covers those before it began. */
  mark(): number {
    return this.#flushedThrough + this.#unflushed.length;
  }

  flush(mark: number): void {
    const count = Math.max(0, mark - this.#flushedThrough);
    for (const batch of this.#unflushed.splice(0, count)) this.#flushed.apply(batch);
    this.#flushedThrough += count;
  }

  /** Keeps any prefix of the batches that is not older than the last completed flush. */
  crash(random: Random): void {
    const kept = random.pick([0, this.#unflushed.length, random.integer(0, this.#unflushed.length)]);
    for (const batch of this.#unflushed.slice(0, kept)) this.#flushed.apply(batch);
    this.#unflushed = [];
    this.#rows = new OrderedRows(this.#isHashed, this.#flushed);
    this.#isShared = false;
    this.isOpen = false;
  }
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** Two FNV-1a sums of different bases over key, a separator and value. */
function rowHash(key: string, value: Buffer): [number, number] {
  let high = 0x811c_9dc5;
  let low = 0x9e37_79b9;
  const mix = (byte: number): void => {
    high = Math.imul(high ^ byte, 0x0100_0193);
    low = Math.imul(low ^ (byte + 1), 0x85eb_ca6b);
  };
  for (let at = 0; at < key.length; at++) mix(key.charCodeAt(at));
  mix(0x100);
  for (const byte of value) mix(byte);
  return [high ^ (high >>> 15), low ^ (low >>> 13)];
}
