import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApi } from './testing/start-test-api.ts';

test('a member that is neither ready nor able to serve is alive', async (t) => {
  const { request, member } = await startTestApi(t);
  member.failure = new Error('broken');
  const response = await request('/livez');
  assert.equal(response.status, 200);
  assert.equal(await response.text(), 'ok\n');
});

test('readiness says what fails, and with verbose what holds too', async (t) => {
  const { request, member } = await startTestApi(t);
  assert.deepEqual(await (await request('/readyz')).json(), { ready: true, checks: [] });
  assert.deepEqual(await (await request('/readyz?verbose')).json(), {
    ready: true,
    checks: [{ name: 'leader', ok: true }],
  });
  const failing = { name: 'member', ok: false, message: 'parked: NoData' };
  member.readinessAnswer = { ready: false, checks: [{ name: 'disk', ok: true }, failing] };
  const response = await request('/readyz');
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), { ready: false, checks: [failing] });
});

test('metrics and version are served', async (t) => {
  const { request } = await startTestApi(t);
  const metrics = await request('/metrics');
  assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4');
  assert.equal(await metrics.text(), 'quorate_up 1\n');
  assert.deepEqual(await (await request('/version')).json(), {
    etcdserver: '3.6.0',
    etcdcluster: '3.6.0',
    quorate: '0.1.0',
  });
});
