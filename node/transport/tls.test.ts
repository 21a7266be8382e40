import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpsServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { parseAddress } from './address.ts';
import { type Authority, issue, makeAuthority, makeTlsPaths, replaceFile } from './testing/certificates.ts';
import { call, ended, linkAll, startMember, type TestMember, until } from './testing/members.ts';
import { startProxy } from './testing/proxy.ts';
import { ReloadingTls, type TlsFiles } from './tls.ts';

const SILENT = { info: () => {}, warn: () => {} };

test('members with certificates of one authority talk', async (t) => {
  const authority = await makeAuthority('quorate test');
  const [one, two] = [await secureMember(t, 1, authority), await secureMember(t, 2, authority)];
  await linkAll([one.member, two.member]);
  const data = Buffer.alloc(300_000, 'secret');
  one.member.network.send(2, { kind: 'ForwardedProposals', term: 1, proposals: [{ sequence: 1, data }] });
  await until(() => two.member.frames.length === 1);
  const [{ frame }] = two.member.frames as [TestMember['frames'][number]];
  assert.ok(frame.kind === 'ForwardedProposals' && data.equals(frame.proposals[0]!.data));
});

test('over TLS too a clean stop is heard as deliberate, and a cut connection is not', async (t) => {
  const authority = await makeAuthority('quorate test');
  const [one, two] = [await secureMember(t, 1, authority), await secureMember(t, 2, authority)];
  const proxy = await startProxy(t, two.member.network.address());
  two.member.network.setPeers([{ ...one.member.peer(), address: '127.0.0.1:1' }], 2);
  one.member.network.setPeers([{ ...two.member.peer(), address: proxy.address }], 2);
  await until(() => one.member.isConnectedTo(2));
  proxy.cut();
  await until(() => one.member.connected.length === 2 && two.member.disconnected.length === 1);
  await one.member.network.close();
  await until(() => two.member.disconnected.length === 2);
  assert.deepEqual(
    two.member.disconnected.map(({ isDeliberate }) => isDeliberate),
    [false, true],
  );
  assert.deepEqual(
    one.member.disconnected.map(({ isDeliberate }) => isDeliberate),
    [false],
  );
});

test('a member with a certificate of another authority gets no stream, and both logs say why', async (t) => {
  const one = await secureMember(t, 1, await makeAuthority('one'));
  const two = await secureMember(t, 2, await makeAuthority('two'));
  one.member.network.setPeers([two.member.peer()], 2);
  two.member.network.setPeers([{ ...one.member.peer(), address: '127.0.0.1:1' }], 2);
  await until(() => logs(one.member, 'peer_not_connected', /certificate|self-signed|issuer/));
  await until(() => logs(two.member, 'peer_tls_failed', /certificate/));
  assert.deepEqual([...one.member.connected, ...two.member.connected], []);
});

test('a caller with a certificate of another authority gets no further than TLS', async (t) => {
  const one = await secureMember(t, 1, await makeAuthority('one'));
  const files = makeTlsPaths(t);
  await issue(await makeAuthority('two'), files, ['127.0.0.1']);
  const { host, port } = parseAddress(one.member.network.address());
  const pair = { cert: readFileSync(files.certPath), key: readFileSync(files.keyPath) };
  await ended(connectTls({ host, port, rejectUnauthorized: false, ...pair }));
  await until(() => logs(one.member, 'peer_tls_failed', /the caller's certificate is not accepted: UNABLE_TO/));
});

test('a caller without a certificate gets no further than TLS', async (t) => {
  const one = await secureMember(t, 1, await makeAuthority('one'));
  const { host, port } = parseAddress(one.member.network.address());
  const socket = connectTls({ host, port, rejectUnauthorized: false });
  await ended(socket);
  await until(() => logs(one.member, 'peer_tls_failed', /certificate/));
});

test('a plain caller gets no further than TLS', async (t) => {
  const one = await secureMember(t, 1, await makeAuthority('one'));
  const { host, port } = parseAddress(one.member.network.address());
  const socket = connect(port, host, () => socket.write('hello? is this a member?'));
  await ended(socket);
  await until(() => logs(one.member, 'peer_tls_failed', /./));
});

test('a caller that never finishes its TLS handshake is cut off', async (t) => {
  const one = await secureMember(t, 1, await makeAuthority('one'), { options: { handshakeTimeoutMs: 50 } });
  const { host, port } = parseAddress(one.member.network.address());
  const socket = connect(port, host);
  await ended(socket);
});

test('allowed names decide on both sides, whatever was dialled', async (t) => {
  const authority = await makeAuthority('quorate test');
  const names = ['*.db.default.svc'];
  const one = await secureMember(t, 1, authority, { certificate: ['db-0.db.default.svc'], allowedNames: names });
  const two = await secureMember(t, 2, authority, { certificate: ['db-1.db.default.svc'], allowedNames: names });
  await linkAll([one.member, two.member]);
});

test('a certificate for another name is refused by the one that dials, and by the one that is dialled', async (t) => {
  const authority = await makeAuthority('quorate test');
  const names = ['*.db.default.svc'];
  const good = await secureMember(t, 1, authority, { certificate: ['db-0.db.default.svc'], allowedNames: names });
  const bad = await secureMember(t, 2, authority, { certificate: ['web.default.svc'], allowedNames: names });
  good.member.network.setPeers([bad.member.peer()], 2);
  await until(() => logs(good.member, 'peer_not_connected', /web\.default\.svc.*allowed are \*\.db\.default\.svc/));
  bad.member.network.setPeers([good.member.peer()], 2);
  await until(() => logs(good.member, 'peer_tls_failed', /web\.default\.svc.*allowed are \*\.db\.default\.svc/));
  assert.deepEqual([...good.member.connected, ...bad.member.connected], []);
});

test('without allowed names the one that dials insists on the name that it dialled', async (t) => {
  const authority = await makeAuthority('quorate test');
  const one = await secureMember(t, 1, authority);
  const two = await secureMember(t, 2, authority, { certificate: ['elsewhere.example.org'] });
  one.member.network.setPeers([two.member.peer()], 2);
  await until(() => logs(one.member, 'peer_not_connected', /127\.0\.0\.1.*does not match/s));
});

test('renewed certificates of a new authority are taken without a restart', async (t) => {
  const before = await makeAuthority('before');
  const after = await makeAuthority('after');
  const [one, two] = [await secureMember(t, 1, before), await secureMember(t, 2, before)];
  await linkAll([one.member, two.member]);
  for (const { files } of [one, two]) await issue(after, files, ['127.0.0.1']);
  // New connections only: nothing that runs is cut. A third member has only ever known the new authority.
  const three = await secureMember(t, 3, after);
  await linkAll([one.member, two.member, three.member]);
  assert.deepEqual(one.member.disconnected, []);
  three.member.network.send(1, call(1));
  await until(() => one.member.frames.length === 1);
});

test('files that do not fit together in the middle of a renewal change nothing until they do', async (t) => {
  const authority = await makeAuthority('quorate test');
  const [one, two] = [await secureMember(t, 1, authority), await secureMember(t, 2, authority)];
  const otherKey = makeTlsPaths(t);
  await issue(authority, otherKey, ['127.0.0.1']);
  replaceFile(one.files.keyPath, readFileSync(otherKey.keyPath, 'utf8'));
  await linkAll([one.member, two.member]);
  assert.equal(one.member.logged.filter(({ event }) => event === 'tls_files_not_reloaded').length, 1);
  replaceFile(one.files.certPath, readFileSync(otherKey.certPath, 'utf8'));
  const three = await secureMember(t, 3, authority);
  await linkAll([one.member, two.member, three.member]);
  assert.ok(logs(one.member, 'tls_files_reloaded', /./));
});

test('a mounted Secret is taken anew when the kubelet turns its link', async (t) => {
  const [mounted, first, second] = [makeTlsPaths(t), makeTlsPaths(t), makeTlsPaths(t)];
  for (const files of [first, second]) await issue(await makeAuthority('quorate test'), files, ['127.0.0.1']);
  const link = join(dirname(mounted.certPath), '..data');
  symlinkSync(dirname(first.certPath), link);
  for (const name of ['tls.crt', 'tls.key', 'ca.crt']) symlinkSync(`..data/${name}`, join(dirname(link), name));
  const tls = new ReloadingTls(mounted, SILENT);
  assert.deepEqual(tls.serverOptions('Require').cert, readFileSync(first.certPath));
  symlinkSync(dirname(second.certPath), `${link}.new`);
  renameSync(`${link}.new`, link);
  const renewed = tls.serverOptions('Require');
  assert.deepEqual([renewed.cert, renewed.ca], [readFileSync(second.certPath), readFileSync(second.caPath)]);
});

test('a file that is missing for a moment changes nothing', async (t) => {
  const authority = await makeAuthority('quorate test');
  const [one, two] = [await secureMember(t, 1, authority), await secureMember(t, 2, authority)];
  rmSync(one.files.certPath);
  await linkAll([one.member, two.member]);
  assert.ok(logs(one.member, 'tls_files_not_reloaded', /ENOENT.*tls\.crt/));
});

test('at the start, a file that cannot be used is an error that names it, and why in plain words', async (t) => {
  const files = makeTlsPaths(t);
  const { certPath, keyPath, caPath } = files;
  const refused = (file: string, message: string): void =>
    assert.throws(() => new ReloadingTls(files, SILENT), { name: 'TlsFileError', file, message });
  assert.throws(() => new ReloadingTls(files, SILENT), { file: 'cert', message: /ENOENT.*tls\.crt/ });
  const authority = await makeAuthority('quorate test');
  await issue(authority, files, ['127.0.0.1']);
  const [cert, key] = [certPath, keyPath].map((path) => readFileSync(path, 'utf8')) as [string, string];
  for (const text of ['', 'not a key', cert]) {
    writeFileSync(keyPath, text);
    refused('key', `cannot use ${keyPath}: it holds no private key in PEM`);
  }
  for (const type of ['pkcs8', 'sec1'] as const) {
    writeFileSync(
      keyPath,
      createPrivateKey(key).export({ type, format: 'pem', cipher: 'aes-128-cbc', passphrase: 'p' }),
    );
    refused('key', `cannot use ${keyPath}: it is encrypted: give a key without a passphrase`);
  }
  await issue(authority, { ...files, certPath: `${certPath}.other` }, ['127.0.0.1']);
  refused('key', `cannot use ${keyPath}: it is not the key of ${certPath}`);
  writeFileSync(certPath, key);
  refused('cert', `cannot use ${certPath}: it holds no certificate in PEM`);
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key);
  rmSync(caPath);
  assert.throws(() => new ReloadingTls(files, SILENT), { file: 'ca', message: /ENOENT.*ca\.crt/ });
});

test('a file of authorities that holds none is an error at the start, and changes nothing in a renewal', async (t) => {
  const authority = await makeAuthority('quorate test');
  const files = makeTlsPaths(t);
  await issue(authority, files, ['127.0.0.1']);
  const [authorities, key] = [readFileSync(files.caPath, 'utf8'), readFileSync(files.keyPath, 'utf8')];
  const tls = new ReloadingTls(files, SILENT);
  for (const none of ['', key]) {
    replaceFile(files.caPath, none);
    assert.equal(tls.serverOptions('Require').ca?.toString(), authorities);
    assert.throws(() => new ReloadingTls(files, SILENT), { file: 'ca', message: /ca\.crt: it holds no certificate/ });
  }
});

test('an HTTPS server asks for client certificates, tells valid ones, and takes renewed files', async (t) => {
  const authority = await makeAuthority('clients');
  const files = makeTlsPaths(t);
  await issue(authority, files, ['localhost', '127.0.0.1']);
  const tls = new ReloadingTls(files, SILENT);
  const server = createHttpsServer(tls.serverOptions('Request'), (incoming, response) => {
    response.end(String((incoming.socket as TLSSocket).authorized));
  });
  tls.keepFresh(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  assert.equal(await get(port, { ca: authority.pem }), 'false');
  const client = makeTlsPaths(t);
  await issue(authority, client, ['a client']);
  const pair = { cert: readFileSync(client.certPath), key: readFileSync(client.keyPath) };
  assert.equal(await get(port, { ca: authority.pem, ...pair }), 'true');
  const renewed = await makeAuthority('renewed');
  await issue(renewed, files, ['127.0.0.1']);
  assert.equal(await get(port, { ca: renewed.pem, ...pair }), 'false');
  await assert.rejects(get(port, { ca: authority.pem }));
});

type SecureMember = { readonly member: TestMember; readonly files: TlsFiles };

async function secureMember(
  t: TestContext,
  id: number,
  authority: Authority,
  settings: {
    readonly certificate?: readonly string[];
    readonly allowedNames?: readonly string[];
    readonly options?: { readonly handshakeTimeoutMs: number };
  } = {},
): Promise<SecureMember> {
  const files = makeTlsPaths(t, settings.allowedNames ?? null);
  await issue(authority, files, settings.certificate ?? ['127.0.0.1']);
  const member = await startMember(t, id, { tlsFiles: files, options: settings.options ?? {} });
  return { member, files };
}

function logs(member: TestMember, event: string, reason: RegExp): boolean {
  return member.logged.some((entry) => entry.event === event && reason.test(JSON.stringify(entry.fields)));
}

function get(port: number, tls: { ca: string; cert?: Buffer; key?: Buffer }): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, agent: false, ...tls }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
