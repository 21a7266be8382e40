import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { HpackDecoder } from './decoder.ts';
import { encodeHeaders } from './encode.ts';
import { HpackError } from './hpack-error.ts';
import { TestEncoder, type TestField } from './testing/encode-blocks.ts';

function decodeHex(decoder: HpackDecoder, hex: string): [string, string][] | null {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  return decoder.decode(bytes, 0, bytes.length)?.map(({ name, value }) => [name, value]) ?? null;
}

const first = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com' };
const second = { ...first, 'cache-control': 'no-cache' };
const third = {
  ':method': 'GET',
  ':scheme': 'https',
  ':path': '/index.html',
  ':authority': 'www.example.com',
  'custom-key': 'custom-value',
};
const found = {
  ':status': '302',
  'cache-control': 'private',
  date: 'Mon, 21 Oct 2013 20:13:21 GMT',
  location: 'https://www.example.com',
};
const moved = { ...found, ':status': '307' };
const ok = {
  ...found,
  ':status': '200',
  date: 'Mon, 21 Oct 2013 20:13:22 GMT',
  'content-encoding': 'gzip',
  'set-cookie': 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
};

/** RFC 7541, appendix C: blocks of one connection, one after the other. */
const examples: Record<string, readonly [tableBytes: number, ...(readonly [hex: string, fields: object])[]]> = {
  'C.2.1': [
    4096,
    ['400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', { 'custom-key': 'custom-header' }],
  ],
  'C.2.2': [4096, ['040c 2f73 616d 706c 652f 7061 7468', { ':path': '/sample/path' }]],
  'C.2.3': [4096, ['1008 7061 7373 776f 7264 0673 6563 7265 74', { password: 'secret' }]],
  'C.2.4': [4096, ['82', { ':method': 'GET' }]],
  'C.3': [
    4096,
    ['8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d', first],
    ['8286 84be 5808 6e6f 2d63 6163 6865', second],
    ['8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65', third],
  ],
  'C.4': [
    4096,
    ['8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff', first],
    ['8286 84be 5886 a8eb 1064 9cbf', second],
    ['8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf', third],
  ],
  'C.5': [
    256,
    [
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      found,
    ],
    ['4803 3330 37c1 c0bf', moved],
    [
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
      ok,
    ],
  ],
  'C.6': [
    256,
    [
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      found,
    ],
    ['4883 640e ffc1 c0bf', moved],
    [
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ok,
    ],
  ],
};

for (const [name, [tableBytes, ...blocks]] of Object.entries(examples)) {
  test(`the standard’s example ${name}`, () => {
    const decoder = new HpackDecoder(tableBytes, 10_000);
    for (const [hex, fields] of blocks) assert.deepEqual(Object.fromEntries(decodeHex(decoder, hex)!), fields);
  });
}

const ascii = fc.string({
  unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});
const field: fc.Arbitrary<TestField> = fc.record({
  name: fc.oneof(fc.constantFrom('te', ':path', 'token', 'user-agent', 'x'), ascii),
  value: fc.oneof(fc.constantFrom('', 'trailers', 'a'.repeat(1500)), ascii),
  representation: fc.constantFrom('Kept', 'NotKept', 'NeverKept'),
  isHuffman: fc.boolean(),
});

test('blocks of any encoder come back, whatever its table has forgotten', () => {
  const block = fc.record({
    fields: fc.array(field, { maxLength: 12 }),
    resize: fc.option(fc.integer({ min: 0, max: 4096 }), { freq: 4 }),
  });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), (blocks) => {
      const encoder = new TestEncoder();
      const decoder = new HpackDecoder(4096, 100_000);
      for (const { fields, resize } of blocks) {
        const bytes = encoder.encode(fields, resize);
        assert.deepEqual(
          decoder.decode(bytes, 0, bytes.length)?.map(({ name, value }) => [name, value]),
          fields.map(({ name, value }) => [name, value]),
        );
      }
    }),
  );
});

test('what we write ourselves comes back', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(ascii, fc.oneof(ascii, fc.constant('v'.repeat(20_000))))), (fields) => {
      const bytes = encodeHeaders(fields);
      assert.deepEqual(
        new HpackDecoder(4096, 1_000_000).decode(bytes, 0, bytes.length)?.map(({ name, value }) => [name, value]),
        fields,
      );
    }),
  );
});

test('no bytes do more than fail', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        new HpackDecoder(4096, 10_000).decode(Buffer.from(bytes), 0, bytes.length);
      } catch (error) {
        assert.ok(error instanceof HpackError);
      }
    }),
  );
});

test('a block that is cut, points nowhere, or resizes too late or too far is an error', () => {
  const bad = ['80', 'be', 'ff80808080808001', 'ffffffffffff', '40', '400161', '4001', '8220', '3fe2 1f', '3f'];
  for (const hex of bad) assert.throws(() => decodeHex(new HpackDecoder(4096, 10_000), hex), HpackError, hex);
  assert.deepEqual(decodeHex(new HpackDecoder(4096, 10_000), '203fe11f82'), [[':method', 'GET']]);
});

test('a list above its limit is refused, and the table has taken note of it', () => {
  const decoder = new HpackDecoder(4096, 100);
  const encoder = new TestEncoder();
  const kept = (name: string, length: number): TestField => ({
    name,
    value: 'v'.repeat(length),
    representation: 'Kept',
    isHuffman: false,
  });
  const large = encoder.encode([kept('a', 60), kept('b', 60)]);
  assert.equal(decoder.decode(large, 0, large.length), null);
  const small = encoder.encode([kept('b', 60)]);
  assert.equal(small.length, 1);
  assert.equal(decoder.decode(small, 0, 1)?.[0]?.name, 'b');
});
