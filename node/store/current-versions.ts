/** The newest versions that are in memory: of single keys, and of whole ranges. */
import { RecentRanges } from './recent-ranges.ts';
import type { Version } from './row-values.ts';
import { VersionCache } from './version-cache.ts';

export class CurrentVersions {
  readonly ranges: RecentRanges;
  readonly #keys: VersionCache;

  /** @param maxKeyBytes for single keys, `maxRangeBytes` beside them for ranges */
  constructor(maxKeyBytes: number, maxRangeBytes: number) {
    this.#keys = new VersionCache(maxKeyBytes);
    this.ranges = new RecentRanges(maxRangeBytes);
  }

  /** Null: there is no such key. Undefined: ask the engine. A version may come without its value. */
  get(keyText: string): Version | null | undefined {
    const version = this.#keys.get(keyText);
    return version === undefined ? this.ranges.get(keyText) : version;
  }

  set(keyText: string, version: Version | null): void {
    this.#keys.set(keyText, version);
    this.ranges.set(keyText, version);
  }
}
