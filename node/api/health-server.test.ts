import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Drain } from './drain.ts';
import { type HealthServer, startHealthServer } from './health-server.ts';
import { startTestApi } from './testing/start-test-api.ts';

type Started = { readonly server: HealthServer; readonly drain: Drain; get(path: string): Promise<Response> };

async function start(t: TestContext, drain = new Drain(), prestopKey: string | null = null): Promise<Started> {
  const listen = { host: '127.0.0.1', port: 0 };
  const limits = { prestopTimeoutMs: 0, drainMs: 0 };
  const server = await startHealthServer({ listen, drain, ...limits, prestopKey, onPrestop: () => {} });
  t.after(() => server.close());
  return { server, drain, get: (path) => fetch(`http://127.0.0.1:${server.address.port}${path}`) };
}

const metrics = {
  observeRequest: () => {},
  exposition: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'quorate_up 1\n' }),
};

test('a member that still reads its log is alive and not ready, and may be stopped', async (t) => {
  const { get } = await start(t);
  assert.equal((await get('/livez')).status, 200);
  const readyz = await get('/readyz');
  assert.equal(readyz.status, 503);
  const { opening, checks } = (await readyz.json()) as { opening?: boolean; checks: { message: string }[] };
  assert.equal(opening, true);
  assert.match(checks[0]!.message, /starting/);
  assert.equal((await get('/metrics')).status, 503);
  assert.equal((await get('/prestop')).status, 200);
});

test('it answers for the member, whatever the client port asks of its callers', async (t) => {
  const { server, get } = await start(t);
  const { member } = await startTestApi(t);
  server.watch({ member, metrics });
  assert.equal((await get('/readyz')).status, 200);
  assert.equal(await (await get('/metrics')).text(), 'quorate_up 1\n');
  member.readinessAnswer = { ready: false, checks: [{ name: 'leader', ok: false }] };
  const readyz = await get('/readyz');
  assert.equal(readyz.status, 503);
  assert.ok(!('opening' in ((await readyz.json()) as object)));
  assert.equal((await get('/livez')).status, 200, 'alive without a quorum');
});

test('from the question whether it may be stopped on, the member is not ready, on the client port either', async (t) => {
  const drain = new Drain();
  const { server, get } = await start(t, drain);
  const { member, request, put } = await startTestApi(t, { drain });
  server.watch({ member, metrics });
  assert.equal((await request('/readyz')).status, 200);
  assert.equal((await get('/prestop')).status, 200);
  for (const answer of [await get('/readyz'), await request('/readyz')]) {
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /about to stop/);
  }
  const written = await put('/v1/kv/a', 'v');
  assert.deepEqual([written.status, written.headers.get('connection')], [200, 'close'], 'served, and sent elsewhere');
});

test('there is nothing else on this port, and nothing to change', async (t) => {
  const { server, get } = await start(t);
  assert.equal((await get('/v1/status')).status, 404);
  const post = await fetch(`http://127.0.0.1:${server.address.port}/prestop`, { method: 'POST' });
  assert.equal(post.status, 405);
});

test('with a key only who knows it can take the member out of its Services, and nobody is told it', async (t) => {
  const drain = new Drain();
  const { get } = await start(t, drain, 'key-of-the-pods');
  for (const path of ['/prestop', '/prestop/', '/prestop/another-key', '/other']) {
    const answer = await get(path);
    assert.equal(answer.status, 404, path);
    assert.doesNotMatch(await answer.text(), /key-of-the-pods/);
  }
  assert.equal(drain.isOn, false);
  assert.equal((await get('/prestop/key-of-the-pods')).status, 200);
});

test('a member whose status fails is an error, not a process that ends', async (t) => {
  const { server, get } = await start(t);
  const { member } = await startTestApi(t);
  const exposition = (): Promise<never> => Promise.reject(new Error('no disk'));
  server.watch({ member, metrics: { ...metrics, exposition } });
  assert.equal((await get('/metrics')).status, 500);
});
