/** How large a result is. */
import type { Failed, RangeResult, TxnResult } from './types.ts';

/** The keys and values that a read has found. */
export function resultBytes(result: RangeResult | TxnResult | Failed): number {
  if (result.kind === 'Failed') return 0;
  let bytes = 0;
  if (result.kind === 'Range') {
    for (const { key, value } of result.items) bytes += key.length + value.length;
  } else {
    for (const step of result.results) if (step.kind === 'Range' || step.kind === 'Txn') bytes += resultBytes(step);
  }
  return bytes;
}
