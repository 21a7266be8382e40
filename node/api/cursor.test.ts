import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { keyAfter } from '../store/key-range.ts';
import { assertWithin, decodeCursor, encodeCursor } from './cursor.ts';
import { keysWithPrefix } from './keys.ts';

const bytes = fc.uint8Array({ minLength: 1 }).map((array) => Buffer.from(array));

test('a cursor comes back as it was, from text that a query can carry as it is', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), bytes, bytes, (revision, delivered, key, rangeEnd) => {
      const cursor = { revision: revision + 1, delivered, keys: { key, rangeEnd } };
      const text = encodeCursor(cursor);
      assert.equal(encodeURIComponent(text), text);
      assert.deepEqual(decodeCursor(text), cursor);
    }),
  );
});

for (const text of ['', 'abc', 'W10', Buffer.from('[2,1,0,"YQ==","Yg=="]').toString('base64url')]) {
  test(`'${text}' is not a cursor`, () => {
    assert.throws(() => decodeCursor(text), { code: 'invalid_request', message: /cursor/ });
  });
}

test('a cursor is refused beside another range than its own', () => {
  const own = keysWithPrefix(Buffer.from('a/'));
  const cursor = { revision: 9, delivered: 1, keys: { key: keyAfter(Buffer.from('a/x')), rangeEnd: own.rangeEnd } };
  assertWithin(cursor, own);
  assert.throws(() => assertWithin(cursor, keysWithPrefix(Buffer.from('b/'))), { code: 'invalid_request' });
  assert.throws(() => assertWithin(cursor, keysWithPrefix(Buffer.from('a/y'))), { code: 'invalid_request' });
});
