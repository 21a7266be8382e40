/** Which segments there are, what may be deleted, and how many bytes the entries after the base take. */
import type { Batch } from './batch-codec.ts';

/** Bytes are known to a grain: one mark for many small batches. */
const GRAIN_BYTES = 64 * 1024;

export class Inventory {
  /** Segments with batches, oldest first, with the highest index among their entries that may still count. */
  readonly #segments: { readonly number: number; maxIndex: number }[] = [];
  #marks: { readonly lastIndex: number; readonly bytes: number }[] = [];
  #entryBytes = 0;

  get entryBytes(): number {
    return this.#entryBytes;
  }

  /** What is added next lies in this segment. */
  begin(segment: number): void {
    this.#segments.push({ number: segment, maxIndex: 0 });
  }

  add({ kept, entries }: Batch, bytes: number): void {
    if (kept !== null) {
      const isEmpty = kept.lastIndex === kept.base.index;
      this.#dropMarks(isEmpty ? Number.MAX_SAFE_INTEGER : kept.base.index);
      for (const segment of this.#segments) segment.maxIndex = Math.min(segment.maxIndex, kept.lastIndex);
    }
    const first = entries[0]?.index;
    const last = entries.at(-1)?.index;
    if (first === undefined || last === undefined) return;
    this.#mark(first, last, bytes);
    const segment = this.#segments.at(-1)!;
    segment.maxIndex = Math.max(segment.maxIndex, last);
  }

  /** Takes out the segments that hold nothing after `base`, oldest first, never the newest. */
  takeDeletable(base: number): number[] {
    const kept = this.#segments.findIndex((segment, at) => segment.maxIndex > base || at === this.#segments.length - 1);
    return this.#segments.splice(0, Math.max(0, kept)).map((segment) => segment.number);
  }

  /** Entries that replace earlier ones add to what these took: both are on disk until the next cut. */
  #mark(first: number, last: number, bytes: number): void {
    let merged = bytes;
    let previous = this.#marks.at(-1);
    while (previous !== undefined && (previous.lastIndex >= first || previous.bytes + merged <= GRAIN_BYTES)) {
      merged += previous.bytes;
      this.#marks.pop();
      previous = this.#marks.at(-1);
    }
    this.#marks.push({ lastIndex: last, bytes: merged });
    this.#entryBytes += bytes;
  }

  #dropMarks(through: number): void {
    const kept = this.#marks.findIndex((mark) => mark.lastIndex > through);
    for (const mark of this.#marks.splice(0, kept === -1 ? this.#marks.length : kept)) this.#entryBytes -= mark.bytes;
  }
}
