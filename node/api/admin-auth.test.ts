import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { issue, makeAuthority, makeTlsPaths } from '../transport/testing/certificates.ts';
import { ReloadingTls } from '../transport/tls.ts';
import { routes } from './routes.ts';
import { errorOf, startTestApi } from './testing/start-test-api.ts';

function tokenFile(t: TestContext, content: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'quorate-token-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'token');
  writeFileSync(file, content);
  return file;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const administrative = routes
  .filter(({ access }) => access === 'Administrator')
  .flatMap((route) => Object.keys(route.methods).map((method) => [method, route.path.replace(':id', '2')] as const));

test('the guarded calls are those that change or copy the cluster', () => {
  assert.deepEqual(administrative.map((call) => call.join(' ')).sort(), [
    'DELETE /v1/cluster/members/2',
    'GET /v1/cluster',
    'GET /v1/snapshot',
    'POST /v1/bootstrap',
    'POST /v1/cluster/members',
    'POST /v1/cluster/members/2/promote',
    'POST /v1/cluster/transfer-leader',
    'POST /v1/compact',
    'POST /v1/join',
    'POST /v1/recover',
    'POST /v1/stop-together',
    'PUT /v1/cluster/members',
  ]);
});

for (const [method, call] of administrative) {
  test(`${method} ${call} does nothing without the token`, async (t) => {
    const adminAuth = { tokenFile: tokenFile(t, 'right\n'), certificateNames: null };
    const { request, member } = await startTestApi(t, { adminAuth });
    const send = (headers: Record<string, string>) =>
      request(call, { method, headers, ...(method === 'GET' ? {} : { body: '{}' }) });
    for (const headers of [{}, bearer('wrong'), { authorization: 'Basic right' }, bearer('')] as Record<
      string,
      string
    >[]) {
      const response = await send(headers);
      assert.match(response.headers.get('www-authenticate')!, /^Bearer /);
      const error = await errorOf(response);
      assert.deepEqual([error.status, error.code], [401, 'unauthenticated']);
    }
    assert.deepEqual(member.calls, []);
    assert.notEqual((await send(bearer('right'))).status, 401);
  });
}

test('reading, writing and health need no token', async (t) => {
  const adminAuth = { tokenFile: tokenFile(t, 'right'), certificateNames: null };
  const { request, put } = await startTestApi(t, { adminAuth });
  assert.equal((await put('/v1/kv/a', 'v')).status, 200);
  for (const open of ['/v1/kv/a', '/v1/status', '/livez', '/readyz', '/metrics', '/version', '/ui', '/v1/leases']) {
    assert.equal((await request(open)).status, 200, open);
  }
});

test('a changed token counts at once, and each line is one', async (t) => {
  const file = tokenFile(t, 'old\n');
  const { request } = await startTestApi(t, { adminAuth: { tokenFile: file, certificateNames: null } });
  const status = async (token: string) => (await request('/v1/cluster', { headers: bearer(token) })).status;
  assert.deepEqual([await status('old'), await status('new')], [200, 401]);
  writeFileSync(file, 'old\nnew\n');
  assert.deepEqual([await status('old'), await status('new')], [200, 200]);
  writeFileSync(file, 'new');
  assert.deepEqual([await status('old'), await status('new')], [401, 200]);
});

test('a token file that is empty or cannot be read lets nobody in', async (t) => {
  const file = tokenFile(t, '\n \n');
  const { request, logged } = await startTestApi(t, { adminAuth: { tokenFile: file, certificateNames: null } });
  const status = async (token: string) => (await request('/v1/cluster', { headers: bearer(token) })).status;
  assert.equal(await status('x'), 401);
  rmSync(file);
  assert.equal(await status('x'), 401);
  assert.deepEqual(
    logged.map(({ event }) => event),
    ['api_admin_token_unreadable'],
  );
});

type Credentials = { readonly cert?: Buffer; readonly key?: Buffer };

function getOverTls(port: number, ca: string, credentials: Credentials, call: string, headers = {}) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: call, ca, ...credentials, headers, agent: false };
    httpsRequest(options, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    })
      .once('error', reject)
      .end();
  });
}

test('a client certificate of an administrator is as good as a token, and another one is not', async (t) => {
  const authority = await makeAuthority('clients');
  const paths = { server: makeTlsPaths(t), admin: makeTlsPaths(t), other: makeTlsPaths(t), foreign: makeTlsPaths(t) };
  await issue(authority, paths.server, ['127.0.0.1']);
  await issue(authority, paths.admin, ['admin.example.org']);
  await issue(authority, paths.other, ['app.example.org']);
  await issue(await makeAuthority('strangers'), paths.foreign, ['admin.example.org']);
  const log = { info: () => undefined, warn: () => undefined };
  const { port } = await startTestApi(t, {
    adminAuth: { tokenFile: tokenFile(t, 'right'), certificateNames: ['admin.example.org'] },
    tls: { files: new ReloadingTls(paths.server, log), clientCertificates: 'Request' },
  });
  const read = (credentials: Credentials, headers = {}, call = '/v1/cluster') =>
    getOverTls(port, authority.pem, credentials, call, headers);
  const of = ({ certPath, keyPath }: { certPath: string; keyPath: string }): Credentials => ({
    cert: readFileSync(certPath),
    key: readFileSync(keyPath),
  });
  assert.equal((await read(of(paths.admin))).status, 200);
  const other = await read(of(paths.other));
  assert.equal(other.status, 403);
  assert.match(other.body, /permission_denied.*app\.example\.org/);
  assert.equal((await read(of(paths.other), bearer('right'))).status, 200, 'the token makes up for it');
  assert.equal((await read({})).status, 401);
  assert.equal((await read(of(paths.foreign))).status, 401, 'a certificate of another authority is none');
  assert.equal((await read(of(paths.other), {}, '/v1/status')).status, 200, 'only administration is guarded');
});

test('without a token file and without certificates everyone may administer', async (t) => {
  const { request } = await startTestApi(t);
  assert.equal((await request('/v1/cluster')).status, 200);
});
