/**
 * How many keys there are in ranges that were lately counted: a page tells how many keys follow it, and counting them
 * anew for each would make a long list quadratic, and one whose first page is read again and again as slow as the
 * whole. At one revision a count cannot change; for the newest, keys that come and go are counted along.
 */
import type { DraftEvent } from './draft.ts';
import { isInSpan, type TextSpan, textSpan } from './text-span.ts';
import type { Keys } from './types.ts';

const MAX_REMEMBERED = 1024;
/** Each key that comes or goes is held against all of them. */
const MAX_CURRENT = 16;
/** As far back as counts may be that are still being made. */
const MAX_CHANGES = 2048;
/** The most that the keys among them may take: each may be as large as a request. */
const MAX_CHANGED_BYTES = 1 << 20;
/** Ranges with longer bounds are counted anew each time. */
const MAX_BOUNDS_BYTES = 4096;

type Current = { readonly span: TextSpan; count: number };
type Change = { readonly keyText: string; readonly revision: number; readonly difference: 1 | -1 };

export class RememberedCounts {
  readonly #counts = new Map<string, number>();
  /** Counts as of the last change; those that were asked for lately come last. */
  readonly #current = new Map<string, Current>();
  /** Keys that came or went, the newest last. */
  #changes: Change[] = [];
  #changedBytes = 0;
  /** What came or went until then is not among the changes any more. */
  #forgottenRevision: number;

  /** @param revision the store's: nothing is known of what came or went before */
  constructor(revision: number) {
    this.#forgottenRevision = revision;
  }

  /** @param revision that is applied, or was not long ago */
  get(keys: Keys, revision: number): number | null {
    const count = this.#counts.get(nameAt(keys, revision));
    if (count !== undefined) return count;
    const current = this.#current.get(nameOf(keys));
    if (current === undefined || revision < this.#forgottenRevision) return null;
    return current.count - this.#changeSince(current.span, revision);
  }

  set(keys: Keys, revision: number, count: number): void {
    if (boundsBytes(keys) > MAX_BOUNDS_BYTES) return;
    this.#counts.set(nameAt(keys, revision), count);
    forgetOldest(this.#counts, MAX_REMEMBERED);
  }

  /**
   * @param keys a range
   * @param revision the newest in the moment in which they were counted
   */
  setNewest(keys: Keys, revision: number, count: number): void {
    if (revision < this.#forgottenRevision || boundsBytes(keys) > MAX_BOUNDS_BYTES) return;
    const name = nameOf(keys);
    const span = textSpan(keys);
    this.#current.delete(name);
    this.#current.set(name, { span, count: count + this.#changeSince(span, revision) });
    forgetOldest(this.#current, MAX_CURRENT);
  }

  /** To be told of everything that is applied, in the moment in which readers see it. */
  changed(events: readonly DraftEvent[]): void {
    for (const { event, keyText, previous } of events) {
      if (event.kind === 'Put' && previous !== null) continue;
      const difference = event.kind === 'Put' ? 1 : -1;
      this.#changes.push({ keyText, revision: event.item.modRevision, difference });
      this.#changedBytes += keyText.length;
      for (const current of this.#current.values()) if (isInSpan(current.span, keyText)) current.count += difference;
    }
    if (this.#changes.length > MAX_CHANGES || this.#changedBytes > MAX_CHANGED_BYTES) this.#forgetOldChanges();
  }

  #forgetOldChanges(): void {
    let forgotten = Math.max(0, this.#changes.length - MAX_CHANGES / 2);
    for (let n = 0; n < forgotten; n += 1) this.#changedBytes -= this.#changes[n]!.keyText.length;
    for (; this.#changedBytes > MAX_CHANGED_BYTES / 2; forgotten += 1) {
      this.#changedBytes -= this.#changes[forgotten]!.keyText.length;
    }
    this.#forgottenRevision = this.#changes[forgotten - 1]!.revision;
    this.#changes = this.#changes.slice(forgotten);
  }

  #changeSince(span: TextSpan, revision: number): number {
    let sum = 0;
    for (let n = this.#changes.length - 1; n >= 0; n -= 1) {
      const change = this.#changes[n]!;
      if (change.revision <= revision) break;
      if (isInSpan(span, change.keyText)) sum += change.difference;
    }
    return sum;
  }
}

function boundsBytes({ key, rangeEnd }: Keys): number {
  return key.length + (rangeEnd?.length ?? 0);
}

function forgetOldest(map: Map<string, unknown>, size: number): void {
  if (map.size <= size) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

function nameAt(keys: Keys, revision: number): string {
  return `${revision} ${nameOf(keys)}`;
}

function nameOf({ key, rangeEnd }: Keys): string {
  return `${key.toString('base64')} ${rangeEnd === null ? '' : rangeEnd.toString('base64')}`;
}
