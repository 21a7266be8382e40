/** The messages of `etcdserverpb.Lease.LeaseKeepAlive`; those of Lease's other methods are too rare for code. */
import { encodeHeader, type Header } from './header.ts';
import { ProtoReader } from './reader.ts';
import type { ProtoWriter } from './writer.ts';

export type KeepAliveResponse = { readonly header: Header; readonly id: bigint; readonly ttlSeconds: number };

/** The lease's id. */
export function decodeKeepAliveRequest(bytes: Buffer): bigint {
  const reader = new ProtoReader(bytes);
  let id = 0n;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 8) id = reader.bigint();
    else reader.skip(tag);
  }
  return id;
}

export function encodeKeepAliveResponse(writer: ProtoWriter, { header, id, ttlSeconds }: KeepAliveResponse): void {
  writer.integer(3, ttlSeconds);
  writer.bigint(2, id);
  encodeHeader(writer, header);
}
