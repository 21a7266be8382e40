/** `mvccpb.KeyValue` and `mvccpb.Event`, straight from what the store answers. */
import type { KeyValue, WatchedEvent } from '../../store/types.ts';
import type { ProtoWriter } from './writer.ts';

export function encodeKeyValue(writer: ProtoWriter, field: number, item: KeyValue): void {
  const end = writer.position;
  writer.bigint(6, item.lease);
  writer.bytes(5, item.value);
  writer.integer(4, item.version);
  writer.integer(3, item.modRevision);
  writer.integer(2, item.createRevision);
  writer.bytes(1, item.key);
  writer.message(field, end);
}

export function encodeKeyValues(writer: ProtoWriter, field: number, items: readonly KeyValue[]): void {
  for (let n = items.length - 1; n >= 0; n -= 1) encodeKeyValue(writer, field, items[n]!);
}

const DELETE = 1;

export function encodeEvents(writer: ProtoWriter, field: number, events: readonly WatchedEvent[]): void {
  for (let n = events.length - 1; n >= 0; n -= 1) {
    const { kind, item, previous } = events[n]!;
    const end = writer.position;
    if (previous !== null) encodeKeyValue(writer, 3, previous);
    encodeKeyValue(writer, 2, item);
    if (kind === 'Delete') writer.integer(1, DELETE);
    writer.message(field, end);
  }
}
