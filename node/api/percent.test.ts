import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodePercent, decodeQueryValue } from './percent.ts';

const path = (text: string) => decodePercent(text, 'the key').toString('latin1');

test('bytes come back from any mix of escapes and plain characters', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.infiniteStream(fc.boolean()), (bytes, choices) => {
      const encoded = [...bytes].map((byte) => {
        const mustEscape = byte === 0x25 || !choices.next().value;
        return mustEscape ? `%${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte);
      });
      assert.deepEqual(decodePercent(encoded.join(''), 'the key'), Buffer.from(bytes));
    }),
  );
});

test('what encodeURIComponent writes is read as UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(decodePercent(encodeURIComponent(text), 'the key').toString('utf8'), text);
    }),
  );
});

test('hexadecimal digits are taken in both cases, and slashes are part of the key', () => {
  assert.equal(path('a/b%2Fc%2fd'), 'a/b/c/d');
  assert.equal(path('%fF%00'), '\xff\0');
});

test('a plus sign is itself in a path and a space in a query', () => {
  assert.equal(path('a+b%2B'), 'a+b+');
  assert.equal(decodeQueryValue('a+b%2B', 'it').toString(), 'a b+');
});

for (const broken of ['%', 'a%4', '%zz', '%4g', '%%41']) {
  test(`'${broken}' is refused, with what to write instead`, () => {
    assert.throws(() => path(broken), { code: 'invalid_request', message: /the key.*%25/ });
  });
}
