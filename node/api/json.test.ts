import assert from 'node:assert/strict';
import test from 'node:test';
import { keyValueToJson, parseLeaseId } from './json.ts';

const item = (key: Buffer, value: Buffer, lease = 0n) => ({
  key,
  value,
  createRevision: 2,
  modRevision: 3,
  version: 2,
  lease,
});
const revisions = { create_revision: 2, mod_revision: 3, version: 2 };

test('text stays text, and other bytes are base64', () => {
  assert.deepEqual(keyValueToJson(item(Buffer.from('ключ'), Buffer.from('')), true), {
    key: 'ключ',
    value: '',
    ...revisions,
  });
  assert.deepEqual(keyValueToJson(item(Buffer.from([0xff]), Buffer.from([0xc3])), true), {
    key_base64: '/w==',
    value_base64: 'ww==',
    ...revisions,
  });
});

test('a value that was not asked for is absent, and so is a lease that is none', () => {
  assert.deepEqual(keyValueToJson(item(Buffer.from('k'), Buffer.alloc(0)), false), { key: 'k', ...revisions });
  assert.equal(
    keyValueToJson(item(Buffer.from('k'), Buffer.alloc(0), 2n ** 63n - 1n), false).lease,
    '9223372036854775807',
  );
});

test('lease ids are decimal strings of positive 64-bit integers', () => {
  assert.equal(parseLeaseId('9223372036854775807', 'it'), 2n ** 63n - 1n);
  for (const bad of ['0', '01', '-1', '9223372036854775808', '1.0', '0x1', '', 7, null]) {
    assert.throws(() => parseLeaseId(bad, 'it'), { code: 'invalid_request', message: /it must be a lease id/ });
  }
});
