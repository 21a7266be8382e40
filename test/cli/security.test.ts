import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { createClient } from '../../client/client.ts';
import { tlsFetch } from '../../client/tls.ts';
import { issue, makeAuthority, makeTlsPaths } from '../../node/transport/testing/certificates.ts';
import { freePorts } from '../free-ports.ts';
import { temporaryFolder } from './testing/folder.ts';
import { run, start } from './testing/program.ts';

const limits = { timeout: 120_000 };

test('two members over TLS form by themselves, and serve who shows a certificate', limits, async (t) => {
  const files = makeTlsPaths(t);
  await issue(await makeAuthority('quorate test'), files, ['127.0.0.1']);
  await using folder = await temporaryFolder();
  const port = await freePorts(4);
  const endpoints = [port, port + 2].map((one) => `https://127.0.0.1:${one}`);
  const tls = (prefix: string) => [
    `--${prefix}-tls-cert=${files.certPath}`,
    `--${prefix}-tls-key=${files.keyPath}`,
    `--${prefix}-tls-ca=${files.caPath}`,
  ];
  const member = (at: number) =>
    start([
      'node',
      `--name=m${at + 1}`,
      `--data-dir=${folder.path}/m${at + 1}`,
      `--listen-client=127.0.0.1:${port + 2 * at}`,
      `--listen-peer=127.0.0.1:${port + 2 * at + 1}`,
      `--initial-cluster=${endpoints.map((endpoint, index) => `m${index + 1}=${endpoint}`).join(',')}`,
      ...tls('client'),
      ...tls('peer'),
      '--client-tls-require-client-cert',
    ]);
  await using _first = member(0);
  await using _second = member(1);

  const [ca, cert, key] = [files.caPath, files.certPath, files.keyPath].map((file) => readFileSync(file, 'utf8'));
  const client = createClient({ endpoints, fetch: tlsFetch({ ca, cert, key }) });
  const { revision } = await client.put('secret', 'x');
  assert.equal((await client.at(endpoints[1]!).get('secret'))?.modRevision, revision);

  const shared = [`--endpoints=${endpoints.join(',')}`, '--timeout=2s'];
  const own = [`--cert=${files.certPath}`, `--key=${files.keyPath}`];
  const known = await run(['member', 'list', ...shared, `--ca=${files.caPath}`, ...own]);
  assert.equal(known.code, 0, known.stderr);
  for (const missing of [own, [`--ca=${files.caPath}`]]) {
    const { code, stdout, stderr } = await run(['get', 'secret', ...shared, ...missing]);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^quorate: no member answered: .*\n$/);
  }
});

test(
  'a file of certificates that cannot be used is named, and not a member that does not answer',
  limits,
  async (t) => {
    const files = makeTlsPaths(t);
    await issue(await makeAuthority('quorate test'), files, ['127.0.0.1']);
    const { certPath, keyPath, caPath } = files;
    const cases: readonly [args: readonly string[], why: string][] = [
      [[`--ca=${keyPath}`], `${keyPath}: it holds no certificate in PEM`],
      [[`--cert=${certPath}`, `--key=${caPath}`], `${caPath}: it holds no private key in PEM`],
      [[`--cert=${caPath}`, `--key=${keyPath}`, `--ca=${caPath}`], `${keyPath}: it is not the key of ${caPath}`],
    ];
    for (const [args, why] of cases) {
      const { code, stderr } = await run(['get', 'a', '--endpoints=https://127.0.0.1:1', ...args]);
      assert.deepEqual([code, stderr], [1, `quorate: cannot use ${why}\n`]);
    }
  },
);

test('administrative calls need the token where one is set, others do not', limits, async () => {
  await using folder = await temporaryFolder();
  const tokenFile = `${folder.path}/token`;
  writeFileSync(tokenFile, 'correct-horse-battery-staple\n');
  const port = await freePorts(2);
  await using _member = start([
    'node',
    '--name=m1',
    `--data-dir=${folder.path}/m1`,
    `--listen-client=127.0.0.1:${port}`,
    `--listen-peer=127.0.0.1:${port + 1}`,
    '--bootstrap-expect=1',
    `--admin-token-file=${tokenFile}`,
  ]);
  const shared = [`--endpoints=http://127.0.0.1:${port}`, '--timeout=30s'];
  assert.equal((await run(['put', 'a', '1', ...shared])).code, 0);
  const refused = await run(['snapshot', 'save', `${folder.path}/backup`, ...shared]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^quorate: .*administrative call.*; give --token-file, or --cert and --key\n$/);
  const allowed = await run(['snapshot', 'save', `${folder.path}/backup`, ...shared, `--token-file=${tokenFile}`]);
  assert.equal(allowed.code, 0, allowed.stderr);
});
