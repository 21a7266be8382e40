import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from './client.ts';
import { QuorateError } from './errors.ts';
import { deadEndpoint, FakeMember, failure, hangUp, inTurn, json } from './testing/fake-member.ts';

const put = json(200, { revision: 7 });

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof QuorateError && error.code === code;
}

test('a call goes to the next endpoint when nobody listens at the first, and later calls start there', async () => {
  await using member = await FakeMember.start(put);
  const client = createClient({ endpoints: [await deadEndpoint(), member.url] });
  const retried: string[] = [];
  const observed = createClient({ endpoints: client.endpoints, onRetry: (error) => retried.push(error.code) });
  assert.deepEqual(await observed.put('a', '1'), { revision: 7, previous: null });
  assert.deepEqual(await observed.put('a', '2'), { revision: 7, previous: null });
  assert.deepEqual(retried, ['unreachable']);
});

test('a write whose connection broke is sent again elsewhere with the same idempotency key', async () => {
  await using first = await FakeMember.start(hangUp);
  await using second = await FakeMember.start(inTurn(failure(504, 'outcome_unknown'), put));
  await createClient({ endpoints: [first.url, second.url] }).put('a', '1');
  const keys = [...first.asked, ...second.asked].map(({ headers }) => headers['idempotency-key']);
  assert.ok(keys.length >= 3);
  assert.equal(new Set(keys).size, 1);
  assert.match(keys[0] as string, /.{16}/);
});

test('two writes have two idempotency keys, and reads have none', async () => {
  await using member = await FakeMember.start(put);
  const client = createClient({ endpoints: [member.url] });
  await client.put('a', '1');
  await client.put('a', '1');
  await client.status();
  const [one, two, read] = member.asked.map(({ headers }) => headers['idempotency-key']);
  assert.notEqual(one, two);
  assert.equal(read, undefined);
});

test('a write without an idempotency key is not sent again when its outcome is unknown, one with a key of its own is', async () => {
  await using first = await FakeMember.start(hangUp);
  await using second = await FakeMember.start(put);
  const endpoints = [first.url, second.url];
  await assert.rejects(createClient({ endpoints }).put('a', '1', { idempotencyKey: null }), isCode('unreachable'));
  assert.equal(second.asked.length, 0);
  await createClient({ endpoints }).put('a', '1', { idempotencyKey: 'order 17' });
  assert.equal(second.asked[0]!.headers['idempotency-key'], 'order 17');
});

test('a change of membership is not sent again when its outcome is unknown', async () => {
  for (const outcome of [hangUp, failure(504, 'timeout')]) {
    await using first = await FakeMember.start(outcome);
    await using second = await FakeMember.start(json(200, { config_index: 9 }));
    const client = createClient({ endpoints: [first.url, second.url] });
    await assert.rejects(client.removeMember(3), QuorateError);
    assert.equal(second.asked.length, 0);
  }
});

test('a change of membership that was refused for want of a leader is sent again', async () => {
  await using member = await FakeMember.start(inTurn(failure(503, 'no_leader'), json(200, { config_index: 9 })));
  assert.deepEqual(await createClient({ endpoints: [member.url] }).removeMember(3), { config_index: 9 });
  assert.equal(member.asked.length, 2);
});

test('a member that is parked or stopping, or is not the leader, is left for the next one at once', async () => {
  for (const [status, code] of [
    [503, 'parked'],
    [503, 'stopping'],
    [421, 'not_leader'],
  ] as const) {
    await using first = await FakeMember.start(failure(status, code));
    await using second = await FakeMember.start(put);
    await createClient({ endpoints: [first.url, second.url] }).put('a', '1');
    // fetch itself asks twice where it is answered 421, as its standard says.
    assert.equal(first.asked.length, code === 'not_leader' ? 2 : 1);
    assert.equal(second.asked.length, 1);
  }
});

test('Retry-After is kept', async () => {
  await using member = await FakeMember.start(inTurn(failure(429, 'overloaded', { 'retry-after': '1' }), put));
  const startMs = performance.now();
  await createClient({ endpoints: [member.url] }).put('a', '1');
  assert.ok(performance.now() - startMs >= 1000);
});

test('an error that a retry would not mend is thrown as it came', async () => {
  await using member = await FakeMember.start(failure(412, 'precondition_failed'));
  await assert.rejects(
    createClient({ endpoints: [member.url, await deadEndpoint()] }).put('a', '1', { ifAbsent: true }),
    (error) => {
      assert.ok(error instanceof QuorateError);
      assert.deepEqual(
        [error.code, error.status, error.message],
        ['precondition_failed', 412, 'made to answer precondition_failed'],
      );
      return true;
    },
  );
  assert.equal(member.asked.length, 1);
  assert.equal(member.asked[0]!.headers['if-none-match'], '*');
});

test('when no member answers, the error says so of each', async () => {
  const endpoints = [await deadEndpoint(), await deadEndpoint()];
  // Long enough that even a busy machine asks each of them once.
  await assert.rejects(createClient({ endpoints, timeoutMs: 2_000 }).get('a'), (error) => {
    assert.ok(error instanceof QuorateError && error.code === 'unreachable');
    for (const endpoint of endpoints) assert.match(error.message, new RegExp(`${endpoint}: connection refused`));
    return true;
  });
});

test('an attempt that the deadline cut short does not hide why the one before it failed', async () => {
  await using member = await FakeMember.start(inTurn(hangUp, () => undefined));
  const client = createClient({ endpoints: [member.url], timeoutMs: 2_000 });
  await assert.rejects(client.get('a'), { message: /^no member answered: .*: (?!no answer within).*$/ });
  assert.equal(member.asked.length, 2);
});

test('a member that does not answer is given up after the attempt timeout', async () => {
  await using silent = await FakeMember.start(() => undefined);
  await using member = await FakeMember.start(put);
  await createClient({ endpoints: [silent.url, member.url], attemptTimeoutMs: 500 }).put('a', '1');
  assert.equal(member.asked.length, 1);
  assert.equal(member.asked[0]!.query.get('timeout'), '0.45');
});

test('in a short call a silent member leaves the next one its share, unless a repeat might write twice', async () => {
  await using silent = await FakeMember.start(() => undefined);
  await using member = await FakeMember.start(put);
  const endpoints = [silent.url, member.url];
  await createClient({ endpoints, timeoutMs: 1_000 }).put('a', '1');
  assert.equal(member.asked.length, 1);
  assert.equal(silent.asked[0]!.query.get('timeout'), '0.45');
  const once = createClient({ endpoints, timeoutMs: 200 }).put('a', '1', { idempotencyKey: null });
  await assert.rejects(once, isCode('unreachable'));
  assert.equal(member.asked.length, 1);
});

test('an abort ends the call with its reason, also while it waits to retry', async () => {
  await using silent = await FakeMember.start(() => undefined);
  const reason = new Error('enough');
  for (const endpoints of [[silent.url], [await deadEndpoint()]]) {
    const controller = new AbortController();
    const call = createClient({ endpoints }).get('a', { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    await assert.rejects(call, reason);
  }
});

test('an answer that breaks off half way is asked for again', async () => {
  const half = (response: import('node:http').ServerResponse) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"revision"', () => response.destroy());
  };
  await using member = await FakeMember.start(inTurn(half, put));
  assert.equal((await createClient({ endpoints: [member.url] }).put('a', '1')).revision, 7);
});

test('something that is not Quorate is named', async () => {
  await using other = await FakeMember.start((response) => response.writeHead(404).end('<html>'));
  await assert.rejects(createClient({ endpoints: [other.url] }).get('a'), isCode('invalid_answer'));
});

test('options that cannot work are refused when the client is made', () => {
  assert.throws(() => createClient({ endpoints: [] }), isCode('invalid_request'));
  assert.throws(() => createClient({ endpoints: ['127.0.0.1'] }), /write it like http/);
  assert.throws(() => createClient({ endpoints: ['http://a'], timeoutMs: 60_001 }), isCode('invalid_request'));
});

test('the token travels as a bearer token', async () => {
  await using member = await FakeMember.start(put);
  await createClient({ endpoints: [member.url], token: 'secret' }).put('a', '1');
  assert.equal(member.asked[0]!.headers.authorization, 'Bearer secret');
});

test('a member that closes its connections, as one does before it stops, is left while it still answers', async () => {
  await using first = await FakeMember.start(json(200, { revision: 7 }, { connection: 'close' }));
  await using second = await FakeMember.start(put);
  const client = createClient({ endpoints: [first.url, second.url] });
  for (const value of ['1', '2', '3']) await client.put('a', value);
  assert.deepEqual([first.asked.length, second.asked.length], [1, 2]);
});

test('such a member is left after a refusal, too', async () => {
  const absent = { error: { code: 'key_not_found', message: 'no such key' } };
  await using first = await FakeMember.start(json(404, absent, { connection: 'close' }));
  await using second = await FakeMember.start(json(404, absent));
  const client = createClient({ endpoints: [first.url, second.url] });
  for (let n = 0; n < 3; n += 1) assert.equal(await client.get('a'), null);
  assert.deepEqual([first.asked.length, second.asked.length], [1, 2]);
});
