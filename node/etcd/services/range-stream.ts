/** `KV.RangeStream`: a range in parts, all of one revision, so that neither side has to hold it whole. */
import { rangeAfter } from '../../store/key-range.ts';
import type { Range, RangeResult } from '../../store/types.ts';
import type { EtcdContext } from '../context.ts';
import type { Call } from '../grpc/call.ts';
import type { Send } from '../grpc/method.ts';
import { Code, GrpcError } from '../grpc/status.ts';
import type { RangeRequest } from '../proto/kv-requests.ts';
import type { RangePart } from '../proto/kv-responses.ts';
import { toRange } from './kv-commands.ts';

const FIRST_PART_KEYS = 10;

export async function rangeStream(
  etcd: EtcdContext,
  request: RangeRequest,
  call: Call,
  send: Send<RangePart>,
): Promise<void> {
  const range = toRange(request);
  if (range.sort !== null || hasBounds(range)) {
    throw new GrpcError(Code.Unimplemented, 'etcdserver: range stream takes no sort order and no bounds on revisions');
  }
  const consistency = request.serializable ? 'serializable' : 'linearizable';
  if (consistency === 'linearizable') etcd.assertNotLearner();
  const options = { timeoutMs: call.timeoutMs, consistency } as const;
  const first = await etcd.memberOf(call).range({ ...range, limit: lowerLimit(FIRST_PART_KEYS, range.limit) }, options);
  const revision = range.revision === 0 ? first.revision : range.revision;
  let part = first;
  let sent = 0;
  let partKeys = FIRST_PART_KEYS;
  for (;;) {
    sent += part.items.length;
    const isLast = !part.more || sent === range.limit || call.isOver;
    if (isLast) break;
    await send({ header: null, items: part.items, more: false, count: 0 });
    partKeys = nextPartKeys(partKeys, part, etcd.limits.maxRequestBytes);
    const left = range.limit === 0 ? 0 : range.limit - sent;
    const rest = rangeAfter(range, part.items.at(-1)!.key);
    const next = { ...range, ...rest, revision, limit: lowerLimit(partKeys, left) };
    part = await etcd.memberOf(call).range(next, { ...options, consistency: 'serializable' });
  }
  await send({ header: etcd.header(first.revision), items: part.items, more: part.more, count: first.count });
}

function hasBounds(range: Range): boolean {
  return range.minModRevision + range.maxModRevision + range.minCreateRevision + range.maxCreateRevision > 0;
}

function lowerLimit(keys: number, limit: number): number {
  return limit === 0 ? keys : Math.min(keys, limit);
}

/** Twice as many while that fits into a request's size, half as many when it did not. */
function nextPartKeys(keys: number, { items }: RangeResult, maxBytes: number): number {
  let bytes = 0;
  for (const { key, value } of items) bytes += key.length + value.length;
  if (bytes > maxBytes) return Math.max(1, Math.floor(keys / 2));
  return bytes * 2 <= maxBytes ? keys * 2 : keys;
}
