/** The conformance tests of h2spec, the strict ones too, against the client port of a real member, in plain text. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LocalCluster } from '../processes/local-cluster.ts';
import { isOnPath } from './on-path.ts';

const SOURCE = fileURLToPath(new URL('h2spec', import.meta.url));
const skip = !isOnPath('go') && 'platform: go is not on PATH';

/**
 * All that there is but one: `http2/3.5/2` begins with something that is not HTTP/2's preface and wants the connection
 * to be closed without a word, but on this port what does not begin so is HTTP/1.1, and is told what is wrong with it.
 * That a connection of HTTP/2 ends when its preface goes wrong later is a test of node/etcd/http2.
 */
const SECTIONS = ['generic', 'http2/3.5/1', 'http2/4', 'http2/5', 'http2/6', 'http2/7', 'http2/8', 'hpack'];
/** 146 in all. */
const TESTS = 145;

test('h2spec', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-h2spec-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const program = join(folder, 'h2spec');
  const run = promisify(execFile);
  await run('go', ['build', '-o', program, 'github.com/summerwind/h2spec/cmd/h2spec'], { cwd: SOURCE });
  const cluster = await LocalCluster.form(1);
  t.after(() => cluster.remove());
  const port = String(cluster.members[0]!.port);
  const { stdout } = await run(program, [...SECTIONS, '--strict', '--port', port, '--timeout', '10']).catch(
    (error: { stdout: string }) => assert.fail(error.stdout.slice(error.stdout.indexOf('Failures:'))),
  );
  assert.match(stdout, new RegExp(`${TESTS} tests, ${TESTS} passed, 0 skipped, 0 failed`));
});
