import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isOpenEnd, keysOfQuery, keysParameters, keysWithPrefix, oneKey } from './keys.ts';
import { parseQuery } from './query.ts';

const known = new Set(keysParameters);
const keysOf = (query: string) => keysOfQuery(parseQuery(query, known));
const holds = (keys: ReturnType<typeof keysWithPrefix>, key: Buffer) =>
  Buffer.compare(keys.key, key) <= 0 && (isOpenEnd(keys.rangeEnd) || Buffer.compare(key, keys.rangeEnd!) < 0);

test('a prefix holds exactly the keys that begin with it', () => {
  const bytes = fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array.map((byte) => (byte % 3) * 127 + 1)));
  const nearTop = fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array.map((byte) => 255 - (byte % 2))));
  const any = fc.oneof(bytes, nearTop);
  fc.assert(
    fc.property(any, any, (prefix, key) => {
      fc.pre(key.length > 0);
      assert.equal(holds(keysWithPrefix(prefix), key), key.subarray(0, prefix.length).equals(prefix));
    }),
    { numRuns: 500 },
  );
});

test('the empty prefix is every key, since there is no empty key', () => {
  assert.deepEqual(keysOf('prefix='), { key: Buffer.from([0]), rangeEnd: Buffer.from([0]) });
});

test('from and to narrow a prefix and never widen it', () => {
  assert.deepEqual(keysOf('prefix=a&from=ab&to=ad'), { key: Buffer.from('ab'), rangeEnd: Buffer.from('ad') });
  assert.deepEqual(keysOf('prefix=b&from=a&to=z'), { key: Buffer.from('b'), rangeEnd: Buffer.from('c') });
  assert.deepEqual(keysOf('from=b'), { key: Buffer.from('b'), rangeEnd: Buffer.from([0]) });
});

test('nothing said is null, which callers decide about', () => assert.equal(keysOf(''), null));

for (const [query, message] of [
  ['key=', /the key is empty/],
  ['key=a&prefix=b', /'key' alone/],
  ['from=b&to=a', /the range is empty/],
  ['prefix=a&from=b', /the range is empty/],
  ['to=', /'to' is empty/],
] as const) {
  test(`'${query}' is refused`, () => assert.throws(() => keysOf(query), { code: 'invalid_request', message }));
}

test('the empty key is refused', () => assert.throws(() => oneKey(Buffer.alloc(0)), { code: 'invalid_request' }));
