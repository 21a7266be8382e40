import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { encodeMessage } from './status.ts';
import { parseTimeout } from './timeout.ts';

test('a status message is printable ASCII on the wire, and the same after decoding', () => {
  assert.equal(encodeMessage('etcdserver: key not found'), 'etcdserver: key not found');
  assert.equal(encodeMessage('100 % ü'), '100 %25 %C3%BC');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (message) => {
      const encoded = encodeMessage(message);
      assert.match(encoded, /^[\x20-\x7e]*$/);
      assert.equal(decodeURIComponent(encoded), message.toWellFormed());
    }),
  );
});

test('timeouts in every unit', () => {
  assert.deepEqual(['1H', '2M', '3S', '4m', '5000u', '6000000n', undefined].map(parseTimeout), [
    3_600_000,
    120_000,
    3000,
    4,
    5,
    6,
    null,
  ]);
  for (const malformed of ['', '5', 'S', '123456789S', '-1S', '1.5S', '5s']) {
    assert.ok(Number.isNaN(parseTimeout(malformed)), malformed);
  }
});
