/** The answers of `etcdserverpb.KV`, straight from the store's results. */
import type { DeleteRangeResult, PutResult, RangeResult, TxnResult } from '../../store/types.ts';
import { encodeHeader, type Header } from './header.ts';
import { encodeKeyValue, encodeKeyValues } from './key-value-codec.ts';
import type { ProtoWriter } from './writer.ts';

/** Inside a transaction, an answer's header has nothing but the revision. */
export type Answer<Result> = { readonly header: Header | number; readonly result: Result };

export function encodeRangeResponse(writer: ProtoWriter, { header, result }: Answer<RangeResult>): void {
  writer.integer(4, result.count);
  writer.bool(3, result.more);
  encodeKeyValues(writer, 2, result.items);
  encodeAnyHeader(writer, header);
}

/** A part of a range; only the last one has a header, and tells of the whole. */
export type RangePart = Pick<RangeResult, 'items' | 'more' | 'count'> & { readonly header: Header | null };

export function encodeRangePart(writer: ProtoWriter, { header, items, more, count }: RangePart): void {
  const end = writer.position;
  writer.integer(4, count);
  writer.bool(3, more);
  encodeKeyValues(writer, 2, items);
  if (header !== null) encodeHeader(writer, header);
  writer.message(1, end);
}

export function encodePutResponse(writer: ProtoWriter, { header, result }: Answer<PutResult>): void {
  if (result.previous !== null) encodeKeyValue(writer, 2, result.previous);
  encodeAnyHeader(writer, header);
}

export function encodeDeleteRangeResponse(writer: ProtoWriter, { header, result }: Answer<DeleteRangeResult>): void {
  encodeKeyValues(writer, 3, result.previous);
  writer.integer(2, result.deleted);
  encodeAnyHeader(writer, header);
}

export function encodeTxnResponse(writer: ProtoWriter, { header, result }: Answer<TxnResult>): void {
  for (let n = result.results.length - 1; n >= 0; n -= 1) {
    const end = writer.position;
    encodeOperation(writer, result.results[n]!);
    writer.message(3, end);
  }
  writer.bool(2, result.succeeded);
  encodeAnyHeader(writer, header);
}

function encodeOperation(writer: ProtoWriter, result: TxnResult['results'][number]): void {
  const end = writer.position;
  const header = result.revision;
  switch (result.kind) {
    case 'Range':
      encodeRangeResponse(writer, { header, result });
      return writer.message(1, end);
    case 'Put':
      encodePutResponse(writer, { header, result });
      return writer.message(2, end);
    case 'DeleteRange':
      encodeDeleteRangeResponse(writer, { header, result });
      return writer.message(3, end);
    case 'Txn':
      // etcd names the revision in the answer of the outermost alone.
      encodeTxnResponse(writer, { header: 0, result });
      return writer.message(4, end);
  }
}

function encodeAnyHeader(writer: ProtoWriter, header: Header | number): void {
  if (typeof header !== 'number') return encodeHeader(writer, header);
  const end = writer.position;
  writer.integer(3, header);
  writer.message(1, end);
}
