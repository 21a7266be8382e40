/** Transactions that write nothing, whichever way they go: they need no entry in the log. */
import type { Txn, TxnOperation } from './types.ts';

export function isReadOnly({ success, failure }: Txn): boolean {
  return success.every(reads) && failure.every(reads);
}

function reads(operation: TxnOperation): boolean {
  return operation.kind === 'Range' || (operation.kind === 'Txn' && isReadOnly(operation));
}
