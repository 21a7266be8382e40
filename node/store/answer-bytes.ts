/**
 * How much the reads of a write may answer. A write is carried out on every member, and again by each that restarts, and
 * its answer is remembered with its idempotency key: were it as large as a range may be, one small request could fill
 * the memory of all members, again and again.
 */
import type { Draft } from './draft.ts';
import { failed } from './errors.ts';
import { includes } from './key-range.ts';
import { rangeOf } from './range-of.ts';
import { rangeBytes } from './range-read.ts';
import { resultBytes } from './result-bytes.ts';
import type { DeleteRange, Failed, Put, Range, RangeResult } from './types.ts';

/** Keys and values together. The same on every member: it decides whether an entry changes anything. */
export const MAX_ANSWER_BYTES: number = 16 << 20;

/** Counts what the operations of one command will answer, before any of them is carried out. */
export class AnswerBytes {
  readonly #draft: Draft;
  /** The puts among the operations so far: reads that follow will see them. */
  readonly #puts: Put[] = [];
  #left = MAX_ANSWER_BYTES;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** Refuses the operation with which it becomes too much. */
  async refuse(operation: Put | DeleteRange | Range): Promise<Failed | null> {
    if (operation.kind === 'Put') {
      if (operation.returnPrevious) this.#takeKey(operation.key);
      this.#puts.push(operation);
    } else if (operation.kind === 'Range' ? !operation.countOnly : operation.returnPrevious) {
      if (operation.rangeEnd === null) this.#takeKey(operation.key);
      else this.#left -= await rangeBytes(this.#draft.source(revisionOf(operation)), asRange(operation), this.#left);
      for (const { key, value } of this.#puts) if (includes(operation, key)) this.#left -= key.length + value.length;
    }
    return this.#refuseIfOver();
  }

  /** How much more may be answered. */
  get left(): number {
    return this.#left;
  }

  /** Counts what was read already. */
  refuseResult(result: RangeResult): Failed | null {
    this.#left -= resultBytes(result);
    return this.#refuseIfOver();
  }

  #refuseIfOver(): Failed | null {
    if (this.#left >= 0) return null;
    return failed(
      'too_large',
      `a write may answer ${MAX_ANSWER_BYTES} bytes of keys and values: read them page by page, outside of it`,
    );
  }

  #takeKey(key: Buffer): void {
    const version = this.#draft.version(key);
    if (version !== null) this.#left -= key.length + version.valueBytes;
  }
}

function revisionOf(operation: DeleteRange | Range): number {
  return operation.kind === 'Range' ? operation.revision : 0;
}

function asRange(operation: DeleteRange | Range): Range {
  if (operation.kind === 'Range') return operation;
  return rangeOf(operation);
}
