/**
 * Counts of what is left of ranges that are read page by page. A page tells how many keys follow it, and counting
 * them anew for each page would make a long list quadratic. At one revision the count cannot change.
 */
import type { Keys } from './types.ts';

const MAX_REMEMBERED = 1024;

export class RememberedCounts {
  readonly #counts = new Map<string, number>();

  get(keys: Keys, revision: number): number | null {
    return this.#counts.get(nameOf(keys, revision)) ?? null;
  }

  set(keys: Keys, revision: number, count: number): void {
    this.#counts.set(nameOf(keys, revision), count);
    if (this.#counts.size <= MAX_REMEMBERED) return;
    const oldest = this.#counts.keys().next();
    if (!oldest.done) this.#counts.delete(oldest.value);
  }
}

function nameOf({ key, rangeEnd }: Keys, revision: number): string {
  return `${revision} ${key.toString('base64')} ${rangeEnd === null ? '' : rangeEnd.toString('base64')}`;
}
