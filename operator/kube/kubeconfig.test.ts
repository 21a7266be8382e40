import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { kubeconfigApiServer, kubeconfigFiles } from './kubeconfig.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quorate-kubeconfig-'));
});

after(() => rm(folder, { recursive: true }));

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly current?: string;
  readonly name?: string;
}

async function fileWith({ cluster = {}, user = {}, current = 'dev', name = 'dev' }: Parts): Promise<string> {
  const file = path.join(folder, `${Math.random()}.yaml`);
  const content = {
    'current-context': current,
    contexts: [{ name, context: { cluster: 'c', user: 'u', namespace: 'team' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443/', ...cluster } }],
    users: [{ name: 'u', user }],
  };
  await writeFile(file, stringify(content));
  return file;
}

test('certificates come from the file or from beside it', async () => {
  await writeFile(path.join(folder, 'ca.crt'), 'the CA');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const file = await fileWith({
    cluster: { 'certificate-authority': 'ca.crt', 'tls-server-name': 'kubernetes' },
    user: { 'client-certificate-data': base64('the certificate'), 'client-key-data': base64('the key') },
  });
  const server = await kubeconfigApiServer({ files: [file] });
  assert.equal(server.url, 'https://127.0.0.1:6443');
  assert.equal(server.namespace, 'team');
  const { ca, cert, key, ...rest } = await server.tls();
  assert.deepEqual([ca, cert, key].map(String), ['the CA', 'the certificate', 'the key']);
  assert.deepEqual(rest, { servername: 'kubernetes' });
  assert.deepEqual(await server.credentials(false), {});
});

test('a token, an identity to take on, and a cluster that is not verified', async () => {
  const file = await fileWith({ cluster: { 'insecure-skip-tls-verify': true }, user: { token: 't', as: 'other' } });
  const server = await kubeconfigApiServer({ files: [file] });
  assert.deepEqual(await server.credentials(false), { authorization: 'Bearer t', 'impersonate-user': 'other' });
  assert.deepEqual(await server.tls(), { rejectUnauthorized: false });
});

test('an exec plugin gives the token', async () => {
  const credential = { status: { token: 'from the plugin' } };
  const args = ['-e', `console.log(${JSON.stringify(JSON.stringify(credential))})`];
  const file = await fileWith({ user: { exec: { command: process.execPath, args } } });
  const server = await kubeconfigApiServer({ files: [file] });
  assert.deepEqual(await server.credentials(false), { Authorization: 'Bearer from the plugin' });
});

test('of several files the first that has a name wins, and the context can be chosen', async () => {
  const one = await fileWith({ name: 'one', current: '', cluster: { server: 'https://one:1' } });
  const two = await fileWith({ name: 'two', current: 'two', cluster: { server: 'https://two:2' } });
  assert.deepEqual(kubeconfigFiles({ KUBECONFIG: `${one}${path.delimiter}${two}` }), [one, two]);
  assert.equal((await kubeconfigApiServer({ files: [one, two] })).url, 'https://one:1');
  assert.equal((await kubeconfigApiServer({ files: [two, one], context: 'one' })).url, 'https://two:2');
  assert.deepEqual(kubeconfigFiles({ HOME: '/home/me' }), ['/home/me/.kube/config']);
});

test('what is missing or not supported is said', async () => {
  const refused = async (parts: Parts, message: RegExp) =>
    assert.rejects(kubeconfigApiServer({ files: [await fileWith(parts)] }), message);
  await refused({ current: 'none' }, /there is no context "none"; set one with kubectl config/);
  await refused({ cluster: { 'proxy-url': 'http://proxy' } }, /proxy-url is not supported/);
  await refused({ user: { username: 'me', password: 'secret' } }, /passwords are not supported/);
  await refused({ user: { 'auth-provider': { name: 'gcp' } } }, /auth-provider is not supported; use an exec plugin/);
  const absent = path.join(folder, 'absent');
  await assert.rejects(kubeconfigApiServer({ files: [absent] }), /^Error: kubeconfig .*absent: ENOENT/);
});
