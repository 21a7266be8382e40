/**
 * Who watches a key. Watches of one key are found by it; those of a prefix, which most ranges are, by each length
 * of prefix that is watched; only ranges of other shapes are looked through one by one.
 */
import { isOpenEnded, prefixOf } from './key-range.ts';
import type { Keys } from './types.ts';

type Bounds = { readonly from: string /** Null: no end. */; readonly to: string | null };

/** Keys are latin1 text, one character a byte: JavaScript then compares them as the bytes. */
export class WatchIndex<W extends { readonly keys: Keys }> {
  readonly #byKey = new Map<string, Set<W>>();
  readonly #byPrefix = new Map<string, Set<W>>();
  readonly #prefixLengths = new Map<number, number>();
  readonly #ranges = new Map<W, Bounds>();

  add(watch: W): void {
    const { keys } = watch;
    if (keys.rangeEnd === null) {
      addTo(this.#byKey, keys.key.toString('latin1'), watch);
      return;
    }
    const prefix = prefixOf(keys);
    if (prefix === null) {
      this.#ranges.set(watch, {
        from: keys.key.toString('latin1'),
        to: isOpenEnded(keys) ? null : keys.rangeEnd.toString('latin1'),
      });
      return;
    }
    addTo(this.#byPrefix, prefix.toString('latin1'), watch);
    this.#prefixLengths.set(prefix.length, (this.#prefixLengths.get(prefix.length) ?? 0) + 1);
  }

  remove(watch: W): void {
    const { keys } = watch;
    if (keys.rangeEnd === null) {
      removeFrom(this.#byKey, keys.key.toString('latin1'), watch);
      return;
    }
    if (this.#ranges.delete(watch)) return;
    const prefix = prefixOf(keys)!;
    removeFrom(this.#byPrefix, prefix.toString('latin1'), watch);
    const left = this.#prefixLengths.get(prefix.length)! - 1;
    if (left === 0) this.#prefixLengths.delete(prefix.length);
    else this.#prefixLengths.set(prefix.length, left);
  }

  forEach(keyText: string, visit: (watch: W) => void): void {
    this.#byKey.get(keyText)?.forEach(visit);
    for (const length of this.#prefixLengths.keys()) {
      if (length <= keyText.length) this.#byPrefix.get(keyText.slice(0, length))?.forEach(visit);
    }
    for (const [watch, { from, to }] of this.#ranges) {
      if (from <= keyText && (to === null || keyText < to)) visit(watch);
    }
  }
}

function addTo<W>(sets: Map<string, Set<W>>, key: string, watch: W): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([watch]));
  else set.add(watch);
}

function removeFrom<W>(sets: Map<string, Set<W>>, key: string, watch: W): void {
  const set = sets.get(key)!;
  set.delete(watch);
  if (set.size === 0) sets.delete(key);
}
