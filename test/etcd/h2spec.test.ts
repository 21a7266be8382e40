/** The conformance tests of h2spec, the strict ones too, against the client port of a real member. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createClient } from '../../client/client.ts';
import { tlsFetch } from '../../client/tls.ts';
import { issue, makeAuthority, makeTlsPaths } from '../../node/transport/testing/certificates.ts';
import { start } from '../cli/testing/program.ts';
import { freePorts } from '../free-ports.ts';
import { LocalCluster } from '../processes/local-cluster.ts';
import { isOnPath } from './on-path.ts';

const SOURCE = fileURLToPath(new URL('h2spec', import.meta.url));
const skip = !isOnPath('go') && 'platform: go is not on PATH';

/**
 * In plain text all that there is but one: `http2/3.5/2` begins with something that is not HTTP/2's preface and wants the
 * connection to be closed without a word, but on this port what does not begin so is HTTP/1.1, and is told what is wrong
 * with it. That a connection of HTTP/2 ends when its preface goes wrong later is a test of node/etcd/http2.
 */
const PLAIN_SECTIONS = ['generic', 'http2/3.5/1', 'http2/4', 'http2/5', 'http2/6', 'http2/7', 'http2/8', 'hpack'];
const ALL_TESTS = 146;

let folder: string;
let program: string;

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'quorate-h2spec-'));
  program = join(folder, 'h2spec');
  const args = ['build', '-o', program, 'github.com/summerwind/h2spec/cmd/h2spec'];
  await promisify(execFile)('go', args, { cwd: SOURCE });
});

after(() => (skip ? undefined : rm(folder, { recursive: true, force: true })));

async function assertPasses(port: number, tests: number, ...args: string[]): Promise<void> {
  const all = [...args, '--strict', '--port', String(port), '--timeout', '10'];
  const { stdout } = await promisify(execFile)(program, all).catch((error: { stdout: string }) =>
    assert.fail(error.stdout.slice(error.stdout.indexOf('Failures:'))),
  );
  assert.match(stdout, new RegExp(`${tests} tests, ${tests} passed, 0 skipped, 0 failed`));
}

test('h2spec in plain text', { skip }, async (t) => {
  const cluster = await LocalCluster.form(1);
  t.after(() => cluster.remove());
  await assertPasses(cluster.members[0]!.port, ALL_TESTS - 1, ...PLAIN_SECTIONS);
});

test('h2spec over TLS', { skip }, async (t) => {
  const files = makeTlsPaths(t);
  await issue(await makeAuthority('quorate test'), files, ['127.0.0.1']);
  const port = await freePorts(2);
  await using _member = start([
    'node',
    '--name=m1',
    `--data-dir=${folder}/m1`,
    `--listen-client=127.0.0.1:${port}`,
    `--listen-peer=127.0.0.1:${port + 1}`,
    '--bootstrap-expect=1',
    `--client-tls-cert=${files.certPath}`,
    `--client-tls-key=${files.keyPath}`,
    `--client-tls-ca=${files.caPath}`,
  ]);
  const client = createClient({
    endpoints: [`https://127.0.0.1:${port}`],
    fetch: tlsFetch({ ca: await readFile(files.caPath, 'utf8') }),
  });
  await client.put('a', '1');
  await assertPasses(port, ALL_TESTS, '--tls', '--insecure');
});
