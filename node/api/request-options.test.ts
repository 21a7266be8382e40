import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultApiLimits as limits } from './context.ts';
import { parseQuery } from './query.ts';
import { optionDefaults, type RequestIdentity, readOptions, readParameters, writeOptions } from './request-options.ts';

const bounds = { limits, defaults: optionDefaults(limits) };
const known = new Set([...readParameters, 'lease', 'prev']);
const read = (query: string) => readOptions(parseQuery(query, known), bounds);

test('what is not said is linearizable, forwarded, and waits 5 seconds', () => {
  assert.deepEqual(read(''), { timeoutMs: 5000, consistency: 'linearizable' });
  assert.deepEqual(read('consistency=serializable'), {
    timeoutMs: 5000,
    mayForward: true,
    consistency: 'serializable',
  });
  assert.equal(read('forward=false').mayForward, false);
});

for (const [text, ms] of [
  ['5', 5000],
  ['0.25', 250],
  ['60', 60_000],
  ['500ms', 500],
  ['2s', 2000],
] as const) {
  test(`timeout=${text} is ${ms} ms`, () => assert.equal(read(`timeout=${text}`).timeoutMs, ms));
}

for (const query of [
  'timeout=0',
  'timeout=-1',
  'timeout=61',
  'timeout=abc',
  'timeout=',
  'timeout=1e3',
  'timeout=0.0001',
]) {
  test(`${query} is refused`, () =>
    assert.throws(() => read(query), { code: 'invalid_request', message: /'timeout'/ }));
}

test('an unknown consistency is refused', () => {
  assert.throws(() => read('consistency=eventual'), { message: /must be linearizable or serializable/ });
});

const fingerprint = (query: string, change: Partial<RequestIdentity> = {}) => {
  const identity = {
    method: 'PUT',
    path: '/v1/kv/a',
    query: parseQuery(query, known),
    ifMatch: undefined,
    ifNoneMatch: undefined,
    body: Buffer.from('v'),
    ...change,
  };
  return writeOptions('key', identity, bounds).idempotency!.fingerprint.toString('hex');
};

test('a retry has the fingerprint of its first attempt, however long it waits and wherever it goes', () => {
  const first = fingerprint('lease=7&prev=true');
  assert.equal(Buffer.from(first, 'hex').length, 32);
  assert.equal(fingerprint('prev=true&timeout=2&lease=7&forward=false'), first);
});

test('another request has another fingerprint', () => {
  const first = fingerprint('lease=7');
  const others = [
    fingerprint('lease=8'),
    fingerprint(''),
    fingerprint('lease=7', { method: 'DELETE' }),
    fingerprint('lease=7', { path: '/v1/kv/b' }),
    fingerprint('lease=7', { body: Buffer.from('w') }),
    fingerprint('lease=7', { ifMatch: '"1"' }),
    fingerprint('lease=7', { ifNoneMatch: '"1"' }),
  ];
  assert.equal(new Set([first, ...others]).size, 8);
});

test('an Idempotency-Key has 1 to 255 characters', () => {
  for (const key of ['', 'x'.repeat(256)]) {
    const identity = {
      method: 'PUT',
      path: '/',
      query: parseQuery(null, known),
      ifMatch: undefined,
      ifNoneMatch: undefined,
    };
    assert.throws(() => writeOptions(key, { ...identity, body: null }, bounds), { code: 'invalid_request' });
  }
});
