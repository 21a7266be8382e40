/**
 * The newest versions of keys that were lately written or read, so that a hot key costs no trip to the engine. Exactly
 * what the engine holds: the store writes to it in the moment in which it lets readers see a batch.
 *
 * Two generations: what is asked for moves to the young one; when that is full it becomes the old one, and what was
 * still in the old one is forgotten. Nearly as good as least recently used, without its cost on each hit.
 */
import type { Version } from './row-values.ts';

/** What an entry costs beside its key and value. */
const OVERHEAD_BYTES = 250;
/** Larger values are kept in history alone, as the rows do: they would push out many small ones. */
const MAX_VALUE_BYTES = 1024;

export class VersionCache {
  readonly #maxGenerationBytes: number;
  #young = new Map<string, Version | null>();
  #old = new Map<string, Version | null>();
  #youngBytes = 0;

  constructor(maxBytes: number) {
    this.#maxGenerationBytes = maxBytes / 2;
  }

  /** Null: there is no such key. Undefined: ask the engine. A version may come without its value. */
  get(keyText: string): Version | null | undefined {
    const young = this.#young.get(keyText);
    if (young !== undefined) return young;
    const old = this.#old.get(keyText);
    if (old !== undefined) this.#add(keyText, old);
    return old;
  }

  set(keyText: string, version: Version | null): void {
    this.#add(keyText, version === null ? null : owned(version));
  }

  #add(keyText: string, version: Version | null): void {
    // Replaced ones count again until the generation ends: it only ends a little earlier.
    this.#youngBytes += OVERHEAD_BYTES + 2 * keyText.length + (version?.value?.length ?? 0);
    this.#young.set(keyText, version);
    if (this.#youngBytes <= this.#maxGenerationBytes) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }
}

/** What comes in with an entry is a view into a larger buffer, which would stay in memory with it. */
function owned(version: Version): Version {
  const { key, value } = version;
  const isKept = value !== null && value.length <= MAX_VALUE_BYTES;
  const bytes = Buffer.allocUnsafeSlow(key.length + (isKept ? value.length : 0));
  key.copy(bytes);
  if (!isKept) return { ...version, key: bytes, value: null };
  value.copy(bytes, key.length);
  return { ...version, key: bytes.subarray(0, key.length), value: bytes.subarray(key.length) };
}
