import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from './protocol.ts';
import type { RequestHead } from './request-head.ts';
import { Stream, type StreamOwner } from './stream.ts';
import { StreamTable } from './stream-table.ts';

const streamOf = (id: number): Stream => new Stream(id, {} as RequestHead, {} as StreamOwner, 0);

test('ids only rise, also over those that were passed by', () => {
  const table = new StreamTable();
  table.begin(5);
  for (const id of [5, 3]) assert.throws(() => table.begin(id), { code: ErrorCode.StreamClosed });
  table.begin(7);
  assert.equal(table.lastId, 7);
});

test('a stream is open from when it is added until it is deleted', () => {
  const table = new StreamTable();
  const stream = streamOf(1);
  table.begin(1);
  assert.equal(table.get(1), undefined);
  table.add(stream);
  assert.equal(table.get(1), stream);
  assert.deepEqual([table.size, ...table.open()], [1, stream]);
  table.delete(stream);
  assert.deepEqual([table.size, table.get(1)], [0, undefined]);
});

test('idle is what no request came with: any of an even number, and all above the last', () => {
  const table = new StreamTable();
  table.begin(5);
  for (const id of [1, 3, 5]) table.assertNotIdle(id);
  for (const id of [2, 7]) assert.throws(() => table.assertNotIdle(id), { code: ErrorCode.ProtocolError });
});

test('what was on its way when we closed its stream, or after our GOAWAY, is ignored', () => {
  const table = new StreamTable();
  table.begin(3);
  assert.equal(table.isIgnored(3), false);
  table.noteReset(3);
  assert.equal(table.isIgnored(3), true);
  assert.equal(table.isIgnored(5), false);
  table.leave();
  assert.deepEqual([table.isLeaving, table.isIgnored(5), table.isIgnored(1)], [true, true, false]);
});
