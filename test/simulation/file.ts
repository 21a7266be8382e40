/**
 * Content of one simulated file: what a reader sees, what would survive a loss of power for certain, and the
 * writes between the two, of which a crash keeps any part.
 */
import type { Random } from './random.ts';

export const SECTOR_BYTES = 512;

type Change =
  | { readonly kind: 'Write'; readonly position: number; readonly data: Buffer }
  | { readonly kind: 'Truncate'; readonly size: number };

/** How much of what was not synced a crash keeps. */
export type Survival = 'None' | 'All' | 'Prefix' | 'Sectors';

export class SimulatedFile {
  #visible = new Bytes();
  #durable = new Bytes();
  #unsynced: Change[] = [];
  #syncedThrough = 0;
  /** Where the newest synced write began: everything before it is below the tail. */
  #lastSyncedPosition = 0;

  get size(): number {
    return this.#visible.size;
  }

  get unsyncedCount(): number {
    return this.#unsynced.length;
  }

  get tailPosition(): number {
    return this.#lastSyncedPosition;
  }

  read(position: number, length: number): Buffer {
    return this.#visible.read(position, length);
  }

  readDurable(): Buffer {
    return this.#durable.read(0, this.#durable.size);
  }

  write(position: number, data: Buffer): void {
    this.#change({ kind: 'Write', position, data });
  }

  truncate(size: number): void {
    this.#change({ kind: 'Truncate', size });
  }

  /** A sync covers what was written before it began: `mark` then, `sync` with that mark at its end. */
  mark(): number {
    return this.#syncedThrough + this.#unsynced.length;
  }

  sync(mark: number): void {
    const count = Math.max(0, mark - this.#syncedThrough);
    for (const change of this.#unsynced.splice(0, count)) {
      apply(this.#durable, change);
      if (change.kind === 'Write' && change.data.some((byte) => byte !== 0)) this.#lastSyncedPosition = change.position;
    }
    this.#syncedThrough += count;
  }

  /**
   * A sync that fails may leave what it covered in memory, marked as written: no later sync will write it, and it
   * is seen until the power is lost (as Linux does, "fsyncgate", 2018).
   */
  failSync(mark: number): void {
    const count = Math.max(0, mark - this.#syncedThrough);
    this.#unsynced.splice(0, count);
    this.#syncedThrough += count;
  }

  /** The machine lost its power. Of each sector some version between the synced and the newest is found again. */
  crash(survival: Survival, random: Random): void {
    const changes = this.#unsynced;
    const kept = keptCounts(survival, changes.length, random);
    // The size goes with the same choice as one more sector would: data beyond it is gone, a hole reads as zeros.
    const sizeKept = kept();
    const cutoffs = new Map<number, number>();
    const cutoff = (sector: number): number => {
      const known = cutoffs.get(sector);
      if (known !== undefined) return known;
      const fresh = kept();
      cutoffs.set(sector, fresh);
      return fresh;
    };
    let size = this.#durable.size;
    const result = this.#durable;
    for (const [at, change] of changes.entries()) {
      if (change.kind === 'Truncate') {
        if (at < sizeKept) {
          size = change.size;
          result.resize(size);
        }
        continue;
      }
      for (const piece of sectors(change)) {
        if (at < cutoff(piece.sector)) result.write(piece.position, piece.data);
        else if (at === cutoff(piece.sector) && survival !== 'None') tear(result, piece, random);
      }
      if (at < sizeKept) size = Math.max(size, change.position + change.data.length);
    }
    result.resize(size);
    this.#durable = result;
    this.#visible = result.copy();
    this.#unsynced = [];
  }

  /** Damage at rest, beneath everything: found only by a checksum. */
  flipBit(position: number, bit: number): void {
    this.#durable.flip(position, bit);
    this.#visible.flip(position, bit);
  }

  #change(change: Change): void {
    apply(this.#visible, change);
    this.#unsynced.push(change);
  }
}

/** Of `total` changes to a sector in their order, how many it has: the newest write contains the ones before. */
function keptCounts(survival: Survival, total: number, random: Random): () => number {
  if (survival === 'None') return () => 0;
  if (survival === 'All') return () => total;
  if (survival === 'Sectors') return () => random.integer(0, total);
  const prefix = random.integer(0, total);
  return () => prefix;
}

type Piece = { readonly sector: number; readonly position: number; readonly data: Buffer };

function* sectors(change: { readonly position: number; readonly data: Buffer }): Iterable<Piece> {
  for (let at = 0; at < change.data.length; ) {
    const position = change.position + at;
    const sector = Math.floor(position / SECTOR_BYTES);
    const length = Math.min(change.data.length - at, (sector + 1) * SECTOR_BYTES - position);
    yield { sector, position, data: change.data.subarray(at, at + length) };
    at += length;
  }
}

/** Now and then the first version that is lost has begun to be written. */
function tear(bytes: Bytes, piece: Piece, random: Random): void {
  if (random.chance(0.5)) bytes.write(piece.position, piece.data.subarray(0, random.below(piece.data.length)));
}

function apply(bytes: Bytes, change: Change): void {
  if (change.kind === 'Write') bytes.write(change.position, change.data);
  else bytes.resize(change.size);
}

/** A buffer that grows; bytes beyond its size are zero. */
class Bytes {
  size = 0;
  #buffer = Buffer.alloc(0);

  read(position: number, length: number): Buffer {
    return Buffer.from(this.#buffer.subarray(position, Math.min(this.size, position + length)));
  }

  write(position: number, data: Uint8Array): void {
    const end = position + data.length;
    if (end > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(end, this.#buffer.length * 2, 4 * SECTOR_BYTES));
      this.#buffer.copy(larger, 0, 0, this.size);
      this.#buffer = larger;
    }
    this.#buffer.set(data, position);
    this.size = Math.max(this.size, end);
  }

  resize(size: number): void {
    if (size > this.size) this.write(this.size, Buffer.alloc(size - this.size));
    this.#buffer.fill(0, size, this.size);
    this.size = size;
  }

  flip(position: number, bit: number): void {
    if (position < this.size) this.#buffer[position]! ^= 1 << bit;
  }

  copy(): Bytes {
    const result = new Bytes();
    result.write(0, this.#buffer.subarray(0, this.size));
    return result;
  }
}
