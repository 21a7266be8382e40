import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { HpackError } from './hpack-error.ts';
import { decodeHuffman } from './huffman.ts';
import { huffmanCodes } from './huffman-code.ts';
import { huffman } from './testing/encode-blocks.ts';

test('codes are those of the standard’s appendix B', () => {
  const known = { 0: 0x1ff8, 32: 0x14, 48: 0, 97: 3, 122: 0x7b, 127: 0xffffffc, 255: 0x3ffffee, 256: 0x3fffffff };
  for (const [symbol, code] of Object.entries(known)) assert.equal(huffmanCodes[Number(symbol)]!.code, code, symbol);
});

test('any bytes come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = Buffer.from(bytes).toString('latin1');
      const encoded = Buffer.concat([Buffer.from([1, 2]), huffman(text), Buffer.from([3])]);
      assert.equal(decodeHuffman(encoded, 2, encoded.length - 1), text);
    }),
  );
});

test('longer than any string before it', () => {
  const text = 'a'.repeat(20_000);
  const encoded = huffman(text);
  assert.equal(decodeHuffman(encoded, 0, encoded.length), text);
});

test('padding of a byte or more, of zeros, and the end-of-string symbol are errors', () => {
  for (const bytes of [[0xff], [0x1f, 0xff], [0x18], [0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xfc, 0]]) {
    assert.throws(() => decodeHuffman(Buffer.from(bytes), 0, bytes.length), HpackError, String(bytes));
  }
});
