import assert from 'node:assert/strict';
import test from 'node:test';
import { comparesOf, judgeRead, preconditions } from './preconditions.ts';

const keys = { key: Buffer.from('k'), rangeEnd: null };
const read = (headers: Record<string, string>, modRevision: number) => judgeRead(preconditions(headers)!, modRevision);

test('no header is no condition', () => assert.equal(preconditions({}), null));

for (const [headers, present, absent, other] of [
  [{ 'if-match': '"7"' }, 'Send', 'Failed', 'Failed'],
  [{ 'if-match': '*' }, 'Send', 'Failed', 'Send'],
  [{ 'if-match': '"6", "7"' }, 'Send', 'Failed', 'Failed'],
  [{ 'if-none-match': '"7"' }, 'NotModified', 'Send', 'Send'],
  [{ 'if-none-match': 'W/"7"' }, 'NotModified', 'Send', 'Send'],
  [{ 'if-none-match': '*' }, 'NotModified', 'Send', 'NotModified'],
  [{ 'if-match': '*', 'if-none-match': '"7"' }, 'NotModified', 'Failed', 'Send'],
] as const) {
  test(`a read with ${JSON.stringify(headers)}: at 7 ${present}, absent ${absent}, at 8 ${other}`, () => {
    assert.equal(read(headers, 7), present);
    assert.equal(read(headers, 0), absent);
    assert.equal(read(headers, 8), other);
  });
}

test('a write compares in its own transaction', () => {
  const compares = (headers: Record<string, string>) => comparesOf(preconditions(headers)!, keys);
  assert.deepEqual(compares({ 'if-match': '"7"' }), [{ ...keys, comparison: 'Equal', target: 'Mod', number: 7 }]);
  assert.deepEqual(compares({ 'if-match': '*' }), [{ ...keys, comparison: 'NotEqual', target: 'Create', number: 0 }]);
  assert.deepEqual(compares({ 'if-none-match': '*' }), [{ ...keys, comparison: 'Equal', target: 'Create', number: 0 }]);
  assert.deepEqual(compares({ 'if-none-match': '"7"' }), [
    { ...keys, comparison: 'NotEqual', target: 'Mod', number: 7 },
  ]);
});

for (const tag of ['7', '"x"', '"-1"', '"7" "8"', '"99999999999999999"']) {
  test(`If-Match: ${tag} is refused`, () => {
    assert.throws(() => preconditions({ 'if-match': tag }), { code: 'invalid_request', message: /double quotes/ });
  });
}
