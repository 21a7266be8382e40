/** What a watch delivers, for those who take it in a loop. */
import type { Watch, WatchBatch } from './types.ts';

/** Closes the watch when it is left. */
export async function* batchesOf(watch: Pick<Watch, 'next' | 'close'>): AsyncGenerator<WatchBatch, void, undefined> {
  try {
    for (let batch = await watch.next(); batch !== null; batch = await watch.next()) yield batch;
  } finally {
    watch.close();
  }
}
