/**
 * Finds a key that one run of a transaction could write twice. The two branches of a transaction never run
 * together, so they may write the same key; with what is outside of them both do. Deletes may overlap each other.
 */
import { includes } from './key-range.ts';
import type { Keys, Txn, TxnOperation } from './types.ts';

type Writes = { readonly puts: Map<string, Buffer>; readonly deletes: Keys[] };

export function findDuplicateWrite(txn: Txn): Buffer | null {
  for (const branch of [txn.success, txn.failure]) {
    const writes: Writes = { puts: new Map(), deletes: [] };
    const duplicate = gather(branch, writes);
    if (duplicate !== null) return duplicate;
  }
  return null;
}

/** Adds what `operations` may write to `writes`, until one conflicts with what is there. */
function gather(operations: readonly TxnOperation[], writes: Writes): Buffer | null {
  for (const operation of operations) {
    let duplicate: Buffer | null = null;
    if (operation.kind === 'Put') duplicate = addPut(operation.key, writes, writes);
    else if (operation.kind === 'DeleteRange') duplicate = addDelete(operation, writes, writes);
    else if (operation.kind === 'Txn') duplicate = gatherBranches(operation, writes);
    if (duplicate !== null) return duplicate;
  }
  return null;
}

function gatherBranches(txn: Txn, outer: Writes): Buffer | null {
  const branches = [txn.success, txn.failure].map((operations) => {
    const writes: Writes = { puts: new Map(), deletes: [] };
    return { duplicate: gather(operations, writes), writes };
  });
  const before: Writes = { puts: new Map(outer.puts), deletes: [...outer.deletes] };
  for (const { duplicate, writes } of branches) {
    if (duplicate !== null) return duplicate;
    for (const key of writes.puts.values()) {
      const conflict = addPut(key, before, outer);
      if (conflict !== null) return conflict;
    }
    for (const keys of writes.deletes) {
      const conflict = addDelete(keys, before, outer);
      if (conflict !== null) return conflict;
    }
  }
  return null;
}

function addPut(key: Buffer, against: Writes, to: Writes): Buffer | null {
  const text = key.toString('latin1');
  if (against.puts.has(text) || against.deletes.some((keys) => includes(keys, key))) return key;
  to.puts.set(text, key);
  return null;
}

function addDelete(keys: Keys, against: Writes, to: Writes): Buffer | null {
  for (const key of against.puts.values()) {
    if (includes(keys, key)) return key;
  }
  to.deletes.push(keys);
  return null;
}
