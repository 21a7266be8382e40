import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeBase64, parseQuery } from './query.ts';

const known = new Set(['prefix', 'prefix_base64', 'limit', 'prev']);
const refused = (message: RegExp) => ({ code: 'invalid_request', message });

test('values are decoded, also to bytes that are not UTF-8', () => {
  assert.deepEqual(parseQuery('prefix=%FF+a', known).bytes('prefix'), Buffer.from([0xff, 0x20, 0x61]));
  assert.deepEqual(parseQuery('prefix_base64=/wA%3D', known).bytes('prefix'), Buffer.from([0xff, 0]));
  assert.deepEqual(parseQuery('prefix_base64=_wA', known).bytes('prefix'), Buffer.from([0xff, 0]));
});

test('an absent parameter is null, an empty one is empty', () => {
  assert.equal(parseQuery(null, known).bytes('prefix'), null);
  assert.equal(parseQuery('prefix', known).bytes('prefix')?.length, 0);
  assert.equal(parseQuery('&prefix=&', known).text('prefix'), '');
});

test('an unknown parameter is refused with the names of the known ones', () => {
  assert.throws(() => parseQuery('prefx=a', known), refused(/unknown parameter 'prefx'; .*prefix, /));
});

test('a parameter given twice is refused', () => {
  assert.throws(() => parseQuery('limit=1&limit=2', known), refused(/'limit' is given twice/));
});

test('a text and its base64 together are refused', () => {
  assert.throws(() => parseQuery('prefix=a&prefix_base64=YQ', known).bytes('prefix'), refused(/not both/));
});

test('numbers are whole, decimal, and not below their least', () => {
  assert.equal(parseQuery('limit=20', known).integer('limit', 1), 20);
  for (const bad of ['0', '-1', '1.5', '0x10', '', '1e3', '9007199254740993', '%201']) {
    assert.throws(() => parseQuery(`limit=${bad}`, known).integer('limit', 1), refused(/'limit' is/));
  }
});

test('a flag is set by its name alone', () => {
  assert.equal(parseQuery('prev', known).flag('prev', false), true);
  assert.equal(parseQuery('prev=false', known).flag('prev', true), false);
  assert.equal(parseQuery(null, known).flag('prev', true), true);
  assert.throws(() => parseQuery('prev=yes', known).flag('prev', false), refused(/must be true or false/));
});

for (const bad of ['a', 'abcde', 'a b=', '====', 'Y@==']) {
  test(`'${bad}' is not base64`, () => assert.throws(() => decodeBase64(bad, 'it'), refused(/'it' is not base64/)));
}
