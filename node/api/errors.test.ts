import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { RequestError } from '../server/types.ts';
import { errorTable, errorTableMarkdown } from './errors.ts';
import { routes } from './routes.ts';
import { errorOf, startTestApi } from './testing/start-test-api.ts';

test('the documentation lists every error with its status, as the code has it', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/http-api.md'), 'utf8');
  assert.ok(page.includes(errorTableMarkdown()), `put this into docs/http-api.md:\n\n${errorTableMarkdown()}`);
});

test('the documentation has every call', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/http-api.md'), 'utf8');
  for (const { path: route, methods } of routes) {
    const documented = route.replace(/:(\w+)/g, (_, name: string) => name.toUpperCase());
    const calls =
      route === '/ui/:file' ? [documented] : Object.keys(methods).map((method) => `${method} ${documented}`);
    for (const call of calls) assert.ok(page.includes(`\`${call}`), `docs/http-api.md lacks ${call}`);
  }
});

for (const [code, { status }] of Object.entries(errorTable)) {
  test(`${code} is answered with ${status}, and its details`, async (t) => {
    const { request, member } = await startTestApi(t);
    const detail = { leader: 2, leader_url: 'http://10.0.0.2:2379', revision: 5 };
    member.failure = new RequestError(code as keyof typeof errorTable, 'why and what to do', detail);
    const response = await request('/v1/kv/a');
    const mayRetry = ['overloaded', 'too_many_idempotency_keys', 'no_leader', 'not_ready', 'stopping'].includes(code);
    assert.equal(response.headers.get('retry-after'), mayRetry ? '1' : null);
    assert.deepEqual(await errorOf(response), { status, code, message: 'why and what to do', ...detail });
  });
}

test('a fault is logged under an id, and the user is told the id and nothing else', async (t) => {
  const { request, member, logged, observed } = await startTestApi(t);
  member.failure = new Error('a secret detail');
  const { status, code, message } = await errorOf(await request('/v1/kv/a'));
  assert.deepEqual([status, code], [500, 'internal']);
  assert.doesNotMatch(message, /secret/);
  const [line] = logged;
  assert.equal(line?.event, 'api_request_failed');
  assert.ok(message.includes(String(line?.fields['error_id'])));
  assert.equal(line?.fields['err'], member.failure);
  assert.deepEqual(observed, ['GET /v1/kv/:key 500']);
});

test('a parked member says so on every call that needs its data', async (t) => {
  const { request, member } = await startTestApi(t);
  member.failure = new RequestError('parked', 'this member is parked (NoData): waits to be told');
  for (const [method, call] of [
    ['GET', '/v1/kv/a'],
    ['PUT', '/v1/kv/a'],
    ['DELETE', '/v1/kv/a'],
    ['GET', '/v1/kv'],
    ['DELETE', '/v1/kv?prefix=a'],
    ['GET', '/v1/watch?key=a'],
    ['GET', '/v1/leases'],
    ['GET', '/v1/leases/1'],
    ['GET', '/v1/snapshot'],
    ['GET', '/v1/cluster'],
    ['POST', '/v1/cluster/transfer-leader'],
  ]) {
    const error = await errorOf(await request(call!, { method: method! }));
    assert.deepEqual([error.status, error.code], [503, 'parked'], `${method} ${call}`);
  }
  for (const open of ['/livez', '/metrics', '/v1/status', '/version', '/ui']) {
    assert.equal((await request(open)).status, 200, open);
  }
});
