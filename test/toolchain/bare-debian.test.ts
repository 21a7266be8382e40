/** The README's commands, typed by an ordinary user on a Debian that has only the README's prerequisites. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { BareRoot, missingForBareRoot } from './bare-root.ts';

const workTree = path.join(import.meta.dirname, '../..');
const skip = missingForBareRoot() ?? false;
const minutes = 60_000;

let root: BareRoot;

before(
  () => {
    if (skip !== false) return;
    root = BareRoot.create();
    root.copyWorkTree(workTree, 'quorate');
    root.copyRegistryAccess();
  },
  { timeout: 10 * minutes },
);

after(() => root?.remove());

/** In the copied work tree, as the ordinary user. Without a network but loopback unless asked for. */
function type(script: string, network: 'host' | 'loopback' = 'loopback', timeoutMs = 4 * minutes): string {
  const { status, output } = root.run(`cd ~/quorate; ${script}`, network, timeoutMs);
  assert.equal(status, 0, output);
  return output;
}

test('these are the commands and the prerequisites that the README names', () => {
  const readme = readFileSync(path.join(workTree, 'README.md'), 'utf8');
  for (const words of ['npm ci && npm start', 'npm ci && npm test', 'Node from 18 on', 'libatomic1', 'quorate put']) {
    assert.ok(readme.includes(words), words);
  }
});

test('npm ci installs everything, with nothing to worry about on the screen', { skip }, () => {
  assert.match(type('test "$(id -u)" != 0; node --version'), /^v18\./);
  const output = type('npm ci', 'host', 6 * minutes);
  assert.match(output, /added \d+ packages/);
  assert.doesNotMatch(output, /warn|error|vulnerab|deprecated/i);
});

test('the checks and the tests run there, under the pinned Node', { skip }, () => {
  type('npm run check');
  assert.match(type('npm test -- test/toolchain/launcher.test.ts'), /^\d+ passed, 0 failed, 0 skipped$/m);
});

test('without libatomic1, npm start says in one line how to install it', { skip }, () => {
  root.change('mkdir "$1/hidden" && mv "$1"/usr/lib/*/libatomic.so.1* "$1/hidden"');
  try {
    const { status, output } = root.run('cd ~/quorate; npm start --silent', 'loopback', minutes);
    assert.equal(
      output,
      "quorate: RocksDB's binding needs the library libatomic.so.1, which is not installed. Run: sudo apt-get install -y libatomic1\n",
    );
    assert.equal(status, 1);
  } finally {
    root.change('mv "$1"/hidden/* "$1"/usr/lib/$(uname -m)-linux-gnu/');
  }
});

test('npm start gives a cluster to write to, Ctrl-C ends it cleanly, and it goes on with the same data', {
  skip,
}, () => {
  const output = type(`
    set -m  # jobs are process groups, so that the signal reaches all of one as from a terminal
    start() {
      npm start > start.log 2>&1 &
      for try in $(seq 300); do
        grep -q 'The cluster is ready' start.log && return
        kill -0 $! || break
        sleep 0.2
      done
      cat start.log
      exit 1
    }
    stop() {
      kill -INT -- -$!
      wait $!
      echo "npm start ended with $?"
      cat start.log
      readlink /proc/[0-9]*/exe | grep node || echo no process is left
    }
    start
    npx quorate put greeting hello
    stop
    start
    echo "read: $(npx quorate get greeting --endpoints http://127.0.0.1:2381)"
    stop`);
  assert.match(output, /m1 .*127\.0\.0\.1:2379[\s\S]*127\.0\.0\.1:2381[\s\S]*127\.0\.0\.1:2383/, 'the table');
  assert.match(output, /^read: hello$/m);
  // 130 is what a shell says of a command that Ctrl-C ended.
  assert.equal(output.match(/^npm start ended with (?:0|130)$/gm)?.length, 2, output);
  assert.equal(output.match(/^no process is left$/gm)?.length, 2, output);
});
