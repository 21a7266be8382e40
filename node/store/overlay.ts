/** Lays rows that are only in memory over pages of rows from the engine. */

export type Overlaid<T> = { readonly key: Buffer /** Null: not there any more. */; readonly row: T | null };

/**
 * @param pages in order of key, descending ones in falling order
 * @param changed in rising order of key; each wins over the row of the same key
 */
export async function* overlay<R extends { readonly key: Buffer }, C extends { readonly key: Buffer }>(
  pages: AsyncIterable<R[]>,
  changed: readonly Overlaid<C>[],
  descending: boolean,
): AsyncGenerator<(R | C)[]> {
  if (changed.length === 0) {
    yield* pages;
    return;
  }
  const ordered = descending ? changed.toReversed() : changed;
  let next = 0;
  for await (const page of pages) {
    const merged: (R | C)[] = [];
    for (const row of page) {
      let isReplaced = false;
      for (let change = ordered[next]; change !== undefined; change = ordered[next]) {
        const order = change.key.compare(row.key) * (descending ? -1 : 1);
        if (order > 0) break;
        next += 1;
        isReplaced = order === 0;
        if (change.row !== null) merged.push(change.row);
      }
      if (!isReplaced) merged.push(row);
    }
    yield merged;
  }
  const left: C[] = [];
  for (const { row } of ordered.slice(next)) {
    if (row !== null) left.push(row);
  }
  if (left.length > 0) yield left;
}
