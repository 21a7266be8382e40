import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lines } from './lines.ts';

async function* piecesOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function collected(all: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const one of all) found.push(one);
  return found;
}

test('lines are the same however the bytes were cut, also inside of a character', async () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (all, size) => {
      const bytes = Buffer.from(all.map((one) => `${one}\n`).join(''));
      const expected = bytes.toString('utf8').split('\n').slice(0, -1);
      assert.deepEqual(await collected(lines(piecesOf(bytes, size))), expected);
    }),
  );
});

test('a line that was cut off is dropped', async () => {
  assert.deepEqual(await collected(lines(piecesOf(Buffer.from('{"a":1}\n{"b"'), 2))), ['{"a":1}']);
});
