/**
 * The newest versions of keys that were lately written or read, so that a hot key costs no trip to the engine. Exactly
 * what is applied: the store writes to it in the moment in which it lets readers see a batch.
 *
 * Two generations: what is asked for moves to the young one; when that is full it becomes the old one, and what was
 * still in the old one is forgotten. Nearly as good as least recently used, without its cost on each hit.
 */
import { MAX_INLINE_VALUE_BYTES, type Version } from './row-values.ts';

/** What an entry costs beside its key and value. */
const OVERHEAD_BYTES = 250;
/** Many entries share one piece of memory: each of its own would cost V8 more than the entry itself. */
const SLAB_BYTES = 64 * 1024;

export class VersionCache {
  readonly #maxGenerationBytes: number;
  #young = new Map<string, Version | null>();
  #old = new Map<string, Version | null>();
  #youngBytes = 0;
  #slab: Buffer = NO_BYTES;
  #slabUsed = 0;

  constructor(maxBytes: number) {
    this.#maxGenerationBytes = maxBytes / 2;
  }

  /** Null: there is no such key. Undefined: ask the engine. A version may come without its value. */
  get(keyText: string): Version | null | undefined {
    const young = this.#young.get(keyText);
    if (young !== undefined) return young;
    const old = this.#old.get(keyText);
    // `set` copies the version: a view into an older buffer would keep all of that buffer in memory.
    if (old !== undefined) this.set(keyText, old);
    return old;
  }

  set(keyText: string, version: Version | null): void {
    this.#young.set(keyText, version === null ? null : this.#owned(version));
    // Replaced ones count again until the generation ends: it only ends a little earlier.
    this.#youngBytes += OVERHEAD_BYTES + 2 * keyText.length + (version?.value?.length ?? 0);
    if (this.#youngBytes <= this.#maxGenerationBytes) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }

  /** What comes in with an entry is a view into a larger buffer, which would stay in memory with it. */
  #owned(version: Version): Version {
    const { key, value } = version;
    // Larger ones are left to history alone, as in the rows: they would push out many small ones.
    const isKept = value !== null && value.length <= MAX_INLINE_VALUE_BYTES;
    return { ...version, key: this.#copied(key), value: isKept ? this.#copied(value) : null };
  }

  #copied(bytes: Buffer): Buffer {
    if (bytes.length > this.#slab.length - this.#slabUsed) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, bytes.length));
      this.#slabUsed = 0;
    }
    const start = this.#slabUsed;
    this.#slabUsed += bytes.copy(this.#slab, start);
    return this.#slab.subarray(start, this.#slabUsed);
  }
}

const NO_BYTES = Buffer.alloc(0);
