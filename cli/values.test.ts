import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDurationMs, parseEndpoints, parseLease, parsePositive, parseWhole } from './values.ts';

test('durations need their unit and have bounds', () => {
  assert.deepEqual(['500ms', '5s', '0.5s', '1m'].map(parseDurationMs), [500, 5_000, 500, 60_000]);
  for (const wrong of ['5', '-1s', '0ms', '2m', 'soon', '']) assert.throws(() => parseDurationMs(wrong), /It must be/);
});

test('whole numbers are exact', () => {
  assert.equal(parseWhole('0'), 0);
  assert.equal(parsePositive('9007199254740991'), Number.MAX_SAFE_INTEGER);
  for (const wrong of ['9007199254740992', '1.5', '-1', '1e3', ''])
    assert.throws(() => parseWhole(wrong), /It must be/);
  assert.throws(() => parsePositive('0'), /from 1/);
});

test('a lease id keeps all its digits', () => {
  assert.equal(parseLease('9223372036854775807'), '9223372036854775807');
  for (const wrong of ['0', 'abc', '-5', '01']) assert.throws(() => parseLease(wrong), /decimal number/);
});

test('endpoints are URLs without a path, separated by commas', () => {
  assert.deepEqual(parseEndpoints('http://a:1, https://b/,'), ['http://a:1', 'https://b/']);
  for (const wrong of ['a:1', 'http://a/path', 'http://', ',']) assert.throws(() => parseEndpoints(wrong), /URL/);
});
