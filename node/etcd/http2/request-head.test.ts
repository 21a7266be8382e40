import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeHeaders } from './hpack/encode.ts';
import { HeaderField } from './hpack/header-field.ts';
import { TestEncoder, type TestField } from './hpack/testing/encode-blocks.ts';
import { areValidTrailers, requestHeadOf } from './request-head.ts';
import { RequestHeads } from './request-heads.ts';

type Pair = readonly [string, string];
const pseudo: Pair[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/a'],
];

function headOf(...pairs: Pair[]): ReturnType<typeof requestHeadOf> {
  return requestHeadOf(pairs.map(([name, value]) => new HeaderField(name, value)));
}

test('a request', () => {
  const head = headOf(
    ...pseudo,
    [':authority', 'x'],
    ['te', 'trailers'],
    ['a', '1'],
    ['a', '2'],
    ['content-length', '7'],
  );
  assert.deepEqual([head?.method, head?.path, head?.contentLength], ['POST', '/a', 7]);
  assert.deepEqual({ ...head?.headers }, { te: 'trailers', a: '1, 2', 'content-length': '7' });
  assert.equal(headOf([':method', 'CONNECT'], [':authority', 'x:1'])?.method, 'CONNECT');
});

test('no header is found that was not sent', () => {
  assert.equal(headOf(...pseudo)?.headers['constructor'], undefined);
  assert.deepEqual(Object.keys(headOf(...pseudo, ['__proto__', 'x'])?.headers ?? {}), ['__proto__']);
});

const malformed: Record<string, Pair[]> = {
  'no method': pseudo.slice(1),
  'no scheme': [pseudo[0]!, pseudo[2]!],
  'no path': pseudo.slice(0, 2),
  'an empty path': [...pseudo.slice(0, 2), [':path', '']],
  'a pseudo-header twice': [...pseudo, [':path', '/b']],
  'a pseudo-header of answers': [...pseudo, [':status', '200']],
  'a pseudo-header after another header': [['a', '1'], ...pseudo],
  'a name in upper case': [...pseudo, ['Te', 'trailers']],
  'a name with a space': [...pseudo, ['a b', '1']],
  'no name': [...pseudo, ['', '1']],
  'a header of the connection': [...pseudo, ['connection', 'close']],
  'te of something else': [...pseudo, ['te', 'gzip']],
  'a line break in a value': [...pseudo, ['a', 'b\r\nc: d']],
  'a value that ends in white space': [...pseudo, ['a', 'b ']],
  'a length that is no number': [...pseudo, ['content-length', '-1']],
  'two lengths': [...pseudo, ['content-length', '1'], ['content-length', '1']],
  'CONNECT with a path': [[':method', 'CONNECT'], ...pseudo.slice(1), [':authority', 'x']],
};

for (const [name, pairs] of Object.entries(malformed)) {
  test(`${name} is malformed`, () => assert.equal(headOf(...pairs), null));
}

test('trailers hold no pseudo-headers', () => {
  assert.equal(areValidTrailers([new HeaderField('a', 'b')]), true);
  assert.equal(areValidTrailers([new HeaderField(':path', '/')]), false);
  assert.equal(areValidTrailers([new HeaderField('A', 'b')]), false);
});

test('a block that is remembered means the same as one that is decoded, and is forgotten with the table', () => {
  const heads = new RequestHeads(4096, 10_000);
  const encoder = new TestEncoder();
  const read = (token: string): [Buffer, unknown] => {
    const fields = [...pseudo.slice(0, 2), [':path', '/'] as const, ['token', token] as const];
    const kept = fields.map(([name, value]): TestField => ({ name, value, representation: 'Kept', isHuffman: true }));
    const bytes = encoder.encode(kept);
    const head = heads.read(bytes, 0, bytes.length);
    assert.ok(typeof head === 'object');
    assert.equal(head.headers['token'], token);
    return [bytes, head];
  };
  read('a');
  const [indexed, first] = read('a');
  const [same, second] = read('a');
  assert.ok(indexed.equals(same));
  assert.equal(first, second);
  read('b');
  const [moved] = read('b');
  assert.ok(moved.equals(indexed)); // the newest has the lowest index: these bytes mean another token now
});

test('one that is too large, and one that is malformed, leave the tables in step', () => {
  const heads = new RequestHeads(4096, 200);
  const encoder = new TestEncoder();
  const block = (...pairs: Pair[]): Buffer =>
    encoder.encode(pairs.map(([name, value]) => ({ name, value, representation: 'Kept', isHuffman: false })));
  const large = block(...pseudo, ['large', 'v'.repeat(200)]);
  assert.equal(heads.read(large, 0, large.length), 'TooLarge');
  const bad = block(['bad', 'order'], ...pseudo);
  assert.equal(heads.read(bad, 0, bad.length), 'Malformed');
  const good = block(...pseudo);
  assert.ok(typeof heads.read(good, 0, good.length) === 'object');
  const plain = encodeHeaders(pseudo);
  assert.ok(typeof heads.read(plain, 0, plain.length) === 'object');
});
