/**
 * Stretches of the key space that were lately read as ranges, with the newest version of every key in them: a range that
 * is read again costs no trip to the engine. Exactly what is applied: the store tells of each change in the moment in
 * which it lets readers see it.
 *
 * Keys are latin1 texts, whose order is that of their bytes. Stretches that meet become one; the one that was not read
 * for longest is forgotten as a whole when there is no room.
 */
import { MAX_INLINE_VALUE_BYTES, type Version } from './row-values.ts';
import { isInSpan, type TextSpan } from './text-span.ts';

type Stretch = TextSpan & { readonly keys: string[]; readonly versions: Version[]; sizeBytes: number };

/** A read of the engine, and what has changed since it began: laid over what it finds. */
export type Filling = { readonly changes: (readonly [string, Version | null])[]; sizeBytes: number };

/** Those from `start` on, `end` not among them. Only good until the next change. */
export type Found = { readonly versions: readonly Version[]; readonly start: number; readonly end: number };

/** What a version costs beside its key and value, and about what a stretch costs beside its bounds. */
const OVERHEAD_BYTES = 400;

export class RecentRanges {
  readonly #maxBytes: number;
  /** The stretches in order of key; none overlaps another. */
  readonly #stretches: Stretch[] = [];
  /** The same, the one last that was read last. */
  readonly #byAge = new Set<Stretch>();
  readonly #fillings = new Set<Filling>();
  #sizeBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The first `limit` keys of a range and no fewer, unless it has no more; null when they are not all known.
   *
   * @param to null: the range has no end
   * @param limit may be infinite
   */
  find(from: string, to: string | null, limit: number): Found | null {
    if (to !== null && to <= from) return null;
    const stretch = this.#stretches[this.#stretchAt(from)];
    if (stretch === undefined) return null;
    const { keys, versions } = stretch;
    const start = firstAtOrAfter(keys, from);
    const isWhole = stretch.to === null || (to !== null && to <= stretch.to);
    const end = isWhole && to !== null ? firstAtOrAfter(keys, to) : keys.length;
    if (!isWhole && end - start < limit) return null;
    this.#byAge.delete(stretch);
    this.#byAge.add(stretch);
    return { versions, start, end: Math.min(end, start + limit) };
  }

  /** The newest version of a key, null when there is none; undefined: not known here. */
  get(keyText: string): Version | null | undefined {
    const stretch = this.#stretches[this.#stretchAt(keyText)];
    if (stretch === undefined) return undefined;
    const at = firstAtOrAfter(stretch.keys, keyText);
    return stretch.keys[at] === keyText ? stretch.versions[at]! : null;
  }

  /** To be called in the moment in which a read begins that may be remembered, and `endFilling` when it has ended. */
  beginFilling(): Filling {
    const filling: Filling = { changes: [], sizeBytes: 0 };
    this.#fillings.add(filling);
    return filling;
  }

  endFilling(filling: Filling): void {
    this.#fillings.delete(filling);
  }

  /**
   * Remembers what the engine has from `from` to `to`. It was read at a moment not before `filling` began, and all that
   * was applied then has been told to `set`.
   *
   * @param versions in order of key
   */
  fill(filling: Filling, from: string, to: string | null, versions: readonly Version[]): void {
    if ((to !== null && to <= from) || !this.#fillings.has(filling)) return;
    const sizeBytes = sizeOfAll({ from, to }, versions);
    if (sizeBytes > this.#maxBytes) return;
    const keys = versions.map(({ key }) => key.toString('latin1'));
    let stretch: Stretch = { from, to, keys, versions: inOnePiece(versions), sizeBytes };
    for (const [keyText, version] of filling.changes) {
      if (isInSpan(stretch, keyText)) change(stretch, keyText, version);
    }
    // Those that it meets lie side by side: the one before the first that begins after it, and others before that.
    for (let n = this.#firstAfter(to) - 1; n >= 0; n -= 1) {
      const other = this.#stretches[n]!;
      if (!meets(other, stretch)) break;
      this.#remove(n);
      const joined = join(other, stretch);
      if (joined.sizeBytes <= this.#maxBytes) stretch = joined;
    }
    this.#add(stretch);
    while (this.#sizeBytes > this.#maxBytes) this.#removeOldest();
  }

  /** The newest version of a key, null when it is deleted. */
  set(keyText: string, version: Version | null): void {
    const at = this.#stretchAt(keyText);
    if (at === -1 && this.#fillings.size === 0) return;
    const kept = version === null ? null : owned(version);
    if (this.#fillings.size > 0) this.#noteChange(keyText, kept);
    const stretch = this.#stretches[at];
    if (stretch === undefined) return;
    const before = stretch.sizeBytes;
    change(stretch, keyText, kept);
    this.#sizeBytes += stretch.sizeBytes - before;
    while (this.#sizeBytes > this.#maxBytes) this.#removeOldest();
  }

  /** For the reads that are under way. What has to wait for longer than memory allows is read in vain. */
  #noteChange(keyText: string, version: Version | null): void {
    const noted = [keyText, version] as const;
    const sizeBytes = version === null ? OVERHEAD_BYTES + keyText.length : sizeOf(version);
    for (const filling of this.#fillings) {
      filling.changes.push(noted);
      filling.sizeBytes += sizeBytes;
      if (filling.sizeBytes <= this.#maxBytes) continue;
      this.#fillings.delete(filling);
      filling.changes.length = 0;
    }
  }

  /** The position of the stretch that a key belongs to; -1 when there is none. */
  #stretchAt(keyText: string): number {
    const at = this.#firstAfter(keyText) - 1;
    const stretch = this.#stretches[at];
    return stretch !== undefined && isInSpan(stretch, keyText) ? at : -1;
  }

  /** The position of the first stretch that begins after a key; null: after all keys. */
  #firstAfter(keyText: string | null): number {
    let low = 0;
    let high = this.#stretches.length;
    if (keyText === null) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#stretches[middle]!.from <= keyText) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #add(stretch: Stretch): void {
    this.#stretches.splice(this.#firstAfter(stretch.from), 0, stretch);
    this.#byAge.add(stretch);
    this.#sizeBytes += stretch.sizeBytes;
  }

  #remove(at: number): void {
    const stretch = this.#stretches[at]!;
    this.#stretches.splice(at, 1);
    this.#byAge.delete(stretch);
    this.#sizeBytes -= stretch.sizeBytes;
  }

  #removeOldest(): void {
    const [oldest] = this.#byAge;
    this.#remove(this.#firstAfter(oldest!.from) - 1);
  }
}

/** Also where one ends where the other begins. */
function meets(a: Stretch, b: Stretch): boolean {
  return (a.to === null || b.from <= a.to) && (b.to === null || a.from <= b.to);
}

/** One stretch made of two. Where both know something, they know the same. */
function join(a: Stretch, b: Stretch): Stretch {
  const [first, second] = a.from <= b.from ? [a, b] : [b, a];
  const isSecondInside = first.to === null || (second.to !== null && second.to <= first.to);
  const from = firstAtOrAfter(first.keys, second.from);
  const keys = isSecondInside ? first.keys : [...first.keys.slice(0, from), ...second.keys];
  const versions = isSecondInside ? first.versions : [...first.versions.slice(0, from), ...second.versions];
  const span = { from: first.from, to: isSecondInside ? first.to : second.to };
  return { ...span, keys, versions, sizeBytes: sizeOfAll(span, versions) };
}

function change(stretch: Stretch, keyText: string, version: Version | null): void {
  const { keys, versions } = stretch;
  const at = firstAtOrAfter(keys, keyText);
  const replaced = keys[at] === keyText ? versions[at]! : null;
  if (replaced !== null) stretch.sizeBytes -= sizeOf(replaced);
  if (version !== null) stretch.sizeBytes += sizeOf(version);
  if (version === null) {
    if (replaced === null) return;
    keys.splice(at, 1);
    versions.splice(at, 1);
  } else if (replaced === null) {
    keys.splice(at, 0, keyText);
    versions.splice(at, 0, version);
  } else versions[at] = version;
}

/** What comes in with an entry is a view into a larger buffer, which would stay in memory with it. */
function owned(version: Version): Version {
  const { key, value } = version;
  const kept = value !== null && value.length <= MAX_INLINE_VALUE_BYTES ? value : null;
  const bytes = Buffer.allocUnsafeSlow(key.length + (kept?.length ?? 0));
  key.copy(bytes);
  kept?.copy(bytes, key.length);
  return { ...version, key: bytes.subarray(0, key.length), value: kept === null ? null : bytes.subarray(key.length) };
}

/** Rows come from the engine with two pieces of memory each, which cost more than small values themselves. */
function inOnePiece(versions: readonly Version[]): Version[] {
  const bytes = Buffer.allocUnsafeSlow(
    versions.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0),
  );
  let used = 0;
  const copied = (part: Buffer): Buffer => {
    const start = used;
    used += part.copy(bytes, start);
    return bytes.subarray(start, used);
  };
  return versions.map((version) => {
    const key = copied(version.key);
    return { ...version, key, value: version.value === null ? null : copied(version.value) };
  });
}

function firstAtOrAfter(keys: readonly string[], keyText: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < keyText) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An empty stretch counts too: there may be any number of them. */
function sizeOfAll({ from, to }: TextSpan, versions: readonly Version[]): number {
  let sizeBytes = OVERHEAD_BYTES + from.length + (to?.length ?? 0);
  for (const version of versions) sizeBytes += sizeOf(version);
  return sizeBytes;
}

function sizeOf({ key, value }: Version): number {
  return OVERHEAD_BYTES + 2 * key.length + (value?.length ?? 0);
}
