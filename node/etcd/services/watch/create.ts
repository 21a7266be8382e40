/** What a create request asks of the store, or why it cannot be had. */
import { isEmpty } from '../../../store/key-range.ts';
import type { WatchOptions } from '../../../store/types.ts';
import type { WatchCreateRequest } from '../../proto/watch-codec.ts';

const NOPUT = 0;
const NODELETE = 1;
const FIRST_KEY = Buffer.from([0]);

export type Refused = { readonly refused: 'EmptyRange' | 'Compacted' };

export function toWatchOptions(request: WatchCreateRequest): WatchOptions | Refused {
  const key = request.key.length === 0 ? FIRST_KEY : request.key;
  const rangeEnd = request.rangeEnd.length === 0 ? null : request.rangeEnd;
  const keys = { key, rangeEnd };
  if (request.startRevision < 0) return { refused: 'Compacted' };
  if (isEmpty(keys)) return { refused: 'EmptyRange' };
  return {
    ...keys,
    startRevision: Math.min(request.startRevision, Number.MAX_SAFE_INTEGER),
    returnPrevious: request.prevKv,
    skipPuts: request.filters.includes(NOPUT),
    skipDeletes: request.filters.includes(NODELETE),
  };
}
