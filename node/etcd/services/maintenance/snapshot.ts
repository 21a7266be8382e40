/**
 * `Maintenance.Snapshot`: Quorate's own backup, which `quorate snapshot restore` takes, with the end that etcd's clients
 * want to see (../../../storage/snapshot-trailer.ts). It is no bbolt file: etcd cannot restore it.
 */
import { SnapshotTrailer } from '../../../storage/snapshot-trailer.ts';
import type { EtcdContext } from '../../context.ts';
import type { Call } from '../../grpc/call.ts';
import type { Send } from '../../grpc/method.ts';
import { type HeaderMessage, headerMessage } from '../../proto/header.ts';
import { reflected } from '../../proto/reflected.ts';

export const snapshotResponse = reflected<SnapshotResponse>('etcdserverpb.SnapshotResponse');

type SnapshotResponse = {
  readonly header: HeaderMessage;
  /** At least this much follows: what follows the next part is not known before it is read. */
  readonly remaining_bytes: number;
  readonly blob: Buffer;
  readonly version: string;
};

/** A client takes messages of up to 4 MiB unless told otherwise, and one row may be larger than that. */
const MAX_BLOB_BYTES = 1 << 20;

export async function snapshot(etcd: EtcdContext, call: Call, send: Send<SnapshotResponse>): Promise<void> {
  const source = await etcd.memberOf(call).openSnapshot();
  try {
    const header = headerMessage(etcd.header(source.header.revision));
    const common = { header, version: etcd.version };
    const trailer = new SnapshotTrailer();
    for await (const chunk of source.chunks(0)) {
      trailer.add(chunk);
      for (let at = 0; at < chunk.length; at += MAX_BLOB_BYTES) {
        if (call.isOver) return;
        const blob = chunk.subarray(at, at + MAX_BLOB_BYTES);
        await send({ ...common, remaining_bytes: chunk.length - at - blob.length, blob });
      }
    }
    await send({ ...common, remaining_bytes: 0, blob: trailer.finish() });
  } finally {
    await source.close();
  }
}
