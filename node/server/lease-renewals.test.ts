import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseRenewals } from './lease-renewals.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { RequestError } from './types.ts';

type Asked = { readonly method: string; readonly body: unknown; readonly timeoutMs: number };

function start(answer: (asked: Asked) => Promise<unknown>) {
  const clock = new ManualClock();
  const asked: Asked[] = [];
  const renewals = new LeaseRenewals(clock, (method, body, timeoutMs) => {
    asked.push({ method, body, timeoutMs });
    return answer({ method, body, timeoutMs });
  });
  return { clock, asked, renewals };
}

test('what arrives in one turn is one question, and each hears of its own lease', async () => {
  const { clock, asked, renewals } = start(async () => [60, null, 5]);
  const waiting = [7n, 8n, 9n].map((id) => renewals.renew(id, 1000));
  const settled = Promise.allSettled(waiting);
  assert.deepEqual(asked, []);
  clock.advance(0);
  assert.deepEqual(asked, [{ method: 'keepAlives', body: { leases: ['7', '8', '9'] }, timeoutMs: 1000 }]);
  const [first, second, third] = await settled;
  assert.deepEqual(first, { status: 'fulfilled', value: { ttlSeconds: 60 } });
  assert.equal(second?.status === 'rejected' && second.reason.code, 'lease_not_found');
  assert.deepEqual(third, { status: 'fulfilled', value: { ttlSeconds: 5 } });
  const later = renewals.renew(7n, 1000);
  clock.advance(0);
  assert.equal(asked.length, 2);
  assert.deepEqual(await later, { ttlSeconds: 60 });
});

test('nobody waits longer than asked to because of others', async () => {
  const { clock, asked, renewals } = start(async () => [1, 1]);
  const waiting = [500, 1000, 500].map((timeoutMs, n) => renewals.renew(BigInt(n + 1), timeoutMs));
  clock.advance(0);
  await Promise.all(waiting);
  assert.deepEqual(
    asked.map(({ body, timeoutMs }) => [body, timeoutMs]),
    [
      [{ leases: ['1', '3'] }, 500],
      [{ leases: ['2'] }, 1000],
    ],
  );
});

test('a leader of an older version is asked for one at a time', async () => {
  const { clock, asked, renewals } = start(async ({ method, body }) => {
    if (method === 'keepAlives') throw new RequestError('invalid_request', `unknown call '${method}'`);
    if ((body as { lease: string }).lease === '2') throw new RequestError('lease_not_found', 'gone');
    return { ttlSeconds: 30 };
  });
  const settled = Promise.allSettled([renewals.renew(1n, 1000), renewals.renew(2n, 1000)]);
  clock.advance(0);
  const [first, second] = await settled;
  assert.deepEqual(first, { status: 'fulfilled', value: { ttlSeconds: 30 } });
  assert.equal(second?.status === 'rejected' && second.reason.code, 'lease_not_found');
  assert.deepEqual(
    asked.map(({ method }) => method),
    ['keepAlives', 'keepAlive', 'keepAlive'],
  );
});

test('what goes wrong with the question is told to all', async () => {
  const { clock, renewals } = start(async () => {
    throw new RequestError('no_leader', 'nobody leads');
  });
  const settled = Promise.allSettled([renewals.renew(1n, 1000), renewals.renew(2n, 1000)]);
  clock.advance(0);
  for (const one of await settled) assert.equal(one.status === 'rejected' && one.reason.code, 'no_leader');
});
