import assert from 'node:assert/strict';
import test from 'node:test';
import type { WatchedEvent } from '../../store/types.ts';
import { identityOf } from './header.ts';
import { reflected } from './reflected.ts';
import { encodeWatchResponse, type WatchResponse } from './watch-codec.ts';
import { ProtoWriter } from './writer.ts';

const { decode } = reflected<{ events: { kv: { key: Buffer; value: Buffer } }[]; watch_id: bigint }>(
  'etcdserverpb.WatchResponse',
);
const header = { identity: identityOf(1n, 2n), revision: 7, raftTerm: 3 };

function eventsOf(key: string, valueBytes: number): WatchedEvent[] {
  const item = {
    key: Buffer.from(key),
    value: Buffer.alloc(valueBytes, 'v'),
    createRevision: 7,
    modRevision: 7,
    version: 1,
  };
  return [{ kind: 'Put', item: { ...item, lease: 0n }, previous: null }];
}

test('what many watch reads the same for each of them, and nothing of it is left in what comes next', () => {
  const writer = new ProtoWriter();
  const read = (response: WatchResponse): [number, [string, number][]] => {
    encodeWatchResponse(writer, response);
    const { events, watch_id: watchId } = decode(writer.finish());
    return [Number(watchId), events.map(({ kv }) => [kv.key.toString(), kv.value.length])];
  };
  for (const valueBytes of [10, 100_000]) {
    const first = eventsOf('a', valueBytes);
    const second = eventsOf('b', valueBytes);
    for (const watchId of [1, 2, 3, 4]) {
      assert.deepEqual(read({ header, watchId, events: first }), [watchId, [['a', valueBytes]]]);
    }
    assert.deepEqual(read({ header, watchId: 5, events: second }), [5, [['b', valueBytes]]]);
    assert.deepEqual(read({ header, watchId: 6, events: first }), [6, [['a', valueBytes]]]);
    assert.deepEqual(read({ header, watchId: 7, created: true }), [7, []]);
  }
});
