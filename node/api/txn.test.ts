import assert from 'node:assert/strict';
import test from 'node:test';
import { objectOf } from './json-object.ts';
import { startTestApi } from './testing/start-test-api.ts';
import { decodeTxn } from './txn.ts';

const decode = (json: unknown, maxValueBytes = 1000) =>
  decodeTxn(objectOf(json, 'the body'), { maxValueBytes, maxTxnOperations: 128 });
const key = Buffer.from('k');

test('compares and operations become the store’s', () => {
  const command = decode({
    if: [
      { key: 'k', exists: false },
      { key: 'k', comparison: '>', mod_revision: 3 },
      { key: 'k', value_base64: '/w==' },
      { key: 'k', prefix: true, comparison: '!=', lease: '0' },
    ],
    then: [{ put: { key: 'k', value: 'é', lease: '9', prev: true } }, { get: { key: 'k', range_end: 'l', limit: 2 } }],
    else: [{ delete: { key_base64: '/w==' } }, { txn: { then: [{ get: { key: 'k', keys_only: true } }] } }],
  });
  assert.deepEqual(command.compares, [
    { key, rangeEnd: null, comparison: 'Equal', target: 'Create', number: 0 },
    { key, rangeEnd: null, comparison: 'Greater', target: 'Mod', number: 3 },
    { key, rangeEnd: null, comparison: 'Equal', target: 'Value', value: Buffer.from([0xff]) },
    { key, rangeEnd: Buffer.from('l'), comparison: 'NotEqual', target: 'Lease', lease: 0n },
  ]);
  const [put, get] = command.success;
  assert.deepEqual(put, {
    kind: 'Put',
    key,
    value: Buffer.from('é'),
    lease: 9n,
    returnPrevious: true,
    ignoreValue: false,
    ignoreLease: false,
  });
  assert.ok(get?.kind === 'Range' && get.limit === 2 && get.rangeEnd?.equals(Buffer.from('l')));
  const [remove, nested] = command.failure;
  assert.deepEqual(remove, {
    kind: 'DeleteRange',
    key: Buffer.from([0xff]),
    rangeEnd: null,
    returnPrevious: false,
  });
  assert.ok(nested?.kind === 'Txn' && nested.success[0]?.kind === 'Range' && nested.success[0].keysOnly);
});

for (const [what, json, message] of [
  ['a list', [], /the body must be a JSON object/],
  ['an unknown field', { fi: [] }, /unknown field 'fi'; it may have if, then, else/],
  ['an operation of two kinds', { then: [{ put: { key: 'k', value: '' }, get: { key: 'k' } }] }, /exactly one of put/],
  ['an operation of no kind', { then: [{}] }, /the body\.then\[0\] must hold exactly one/],
  ['a misspelt field of an operation', { then: [{ delete: { key: 'k', prefx: true } }] }, /unknown field 'prefx'/],
  ['a put without a value', { then: [{ put: { key: 'k' } }] }, /then\[0\]\.put\.value is missing/],
  ['a put without a key', { then: [{ put: { value: 'v' } }] }, /put\.key is missing/],
  ['an empty key', { then: [{ get: { key: '' } }] }, /the key is empty/],
  ['two encodings of one field', { then: [{ get: { key: 'k', key_base64: 'aw==' } }] }, /not both/],
  ['half a surrogate pair', { then: [{ get: { key: '\ud800' } }] }, /well-formed/],
  ['a compare of nothing', { if: [{ key: 'k' }] }, /exactly one of value/],
  ['a compare of two things', { if: [{ key: 'k', version: 1, exists: true }] }, /exactly one of value/],
  ['an unknown comparison', { if: [{ key: 'k', version: 1, comparison: '>=' }] }, /comparison must be one of = != > </],
  ['exists with a comparison', { if: [{ key: 'k', exists: true, comparison: '=' }] }, /takes no 'comparison'/],
  ['a negative revision', { if: [{ key: 'k', mod_revision: -1 }] }, /whole number from 0/],
  ['a lease as a number', { then: [{ put: { key: 'k', value: '', lease: 9 } }] }, /must be a lease id/],
  ['a prefix with a range end', { then: [{ get: { key: 'k', prefix: true, range_end: 'z' } }] }, /not both/],
] as const) {
  test(`${what} is refused, and the message says where`, () => {
    assert.throws(() => decode(json), { code: 'invalid_request', message });
  });
}

test('a branch holds at most 128 operations, nested ones included', () => {
  const gets = (count: number) => Array.from({ length: count }, () => ({ get: { key: 'k' } }));
  decode({ then: gets(128) }, 10_000);
  assert.throws(() => decode({ then: gets(129) }, 10_000), { code: 'invalid_request', message: /129 entries/ });
  const nested = { then: [...gets(64), { txn: { then: gets(64) } }] };
  assert.throws(() => decode(nested, 10_000), { code: 'invalid_request', message: /129 entries/ });
});

test('nesting has an end', () => {
  let json: object = {};
  for (let depth = 0; depth < 100; depth++) json = { then: [{ txn: json }] };
  assert.throws(() => decode(json), { code: 'invalid_request', message: /nest deeper/ });
});

test('keys and values together are bounded', () => {
  assert.throws(() => decode({ then: [{ put: { key: 'k', value: 'v'.repeat(1000) } }] }), {
    code: 'too_large',
    message: /1001 bytes; 1000 are allowed/,
  });
});

test('a transaction that only reads takes no entry in the log, unless its answer is to be remembered', async (t) => {
  const { request, put, member } = await startTestApi(t);
  await put('/v1/kv/a', '1');
  const ask = async (body: object, headers: Record<string, string> = {}) => {
    member.calls.length = 0;
    const answer = await request('/v1/txn', { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, body: await answer.json(), calls: member.calls.map(([call]) => call) };
  };
  const get = { if: [{ key: 'a', exists: true }], then: [{ get: { key: 'a' } }] };
  const read = await ask(get);
  assert.deepEqual([read.status, read.calls], [200, ['read']]);
  const logged = await ask(get, { 'idempotency-key': 'k' });
  assert.deepEqual([logged.body, logged.calls], [read.body, ['propose']]);
  assert.deepEqual((await ask({ then: [{ get: { key: 'a' } }, { put: { key: 'a', value: '2' } }] })).calls, [
    'propose',
  ]);
  const invalid = await ask({ then: [{ get: { key: 'a', range_end: '' } }] });
  assert.equal(invalid.status, 400);
});
