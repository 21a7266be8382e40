/** What the store refuses, in the words of a request. */
import { StoreError } from '../store/errors.ts';
import type { Failed } from '../store/types.ts';
import { batchesOf } from '../store/watch-batches.ts';
import { RequestError, type Watch, type WatchBatch } from './types.ts';

export async function asRequestErrors<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw translated(error);
  }
}

/** The refusal of a command that was carried out to nothing. */
export function refusalOf({ code, message }: Failed): RequestError {
  return new RequestError(code, message);
}

/** A store's watch whose errors are those of a request. */
export class MemberWatch implements Watch {
  readonly #watch: Watch;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  get revision(): number {
    return this.#watch.revision;
  }

  requestProgress(): void {
    this.#watch.requestProgress();
  }

  close(): void {
    this.#watch.close();
  }

  next(): WatchBatch | null | Promise<WatchBatch | null> {
    const next = this.#watch.next();
    return next instanceof Promise ? next.catch(rethrow) : next;
  }

  [Symbol.asyncIterator](): AsyncGenerator<WatchBatch, void, undefined> {
    return batchesOf(this);
  }
}

function rethrow(error: unknown): never {
  throw translated(error);
}

function translated(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  const detail = error.compactedRevision === null ? {} : { compacted_revision: error.compactedRevision };
  return new RequestError(error.code, error.message, detail);
}
