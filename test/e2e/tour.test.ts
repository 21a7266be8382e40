/**
 * The README's tour of Kubernetes, line by line, with builder and cluster exchanged: the lines of docker and kind have
 * been done already, and the images are those that the nodes have.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Environment, howToRun, readEnvironment } from './environment.ts';
import { command } from './kubectl.ts';
import { installOperator } from './operator.ts';
import { useNamespace } from './raft-cluster.ts';

const root = path.join(import.meta.dirname, '../..');
const NAMESPACE = 'quorate-tour';
const LINE_TIMEOUT_MS = 600_000;

type Line = { readonly text: string; readonly shown: readonly string[] };

test('the tour of Kubernetes in the README', async (t) => {
  const environment = readEnvironment();
  if (environment === null) return t.skip(howToRun);
  const { upgradeImage } = environment;
  if (upgradeImage === null)
    return t.skip('platform: set QUORATE_E2E_UPGRADE_IMAGE to the same image under another tag');
  const shell = await Shell.open(t, environment);
  const lines = tour();
  for (const part of ['docker build', 'helm', 'apply', 'scale', 'delete pod', 'drain', 'metrics', 'uninstall']) {
    assert.ok(
      lines.some(({ text }) => text.includes(part)),
      `the tour has no line with '${part}'`,
    );
  }
  for (const { text, shown } of lines) {
    if (/^(docker|kind) /.test(text)) continue;
    const output = await shell.run(exchanged(text, environment.image, upgradeImage));
    for (const line of shown)
      assert.ok(output.includes(line), `${text}\nshould print\n${line}\nand printed\n${output}`);
  }
});

test('the examples are what the API server takes', async (t) => {
  const cluster = await useNamespace(t);
  if (cluster === null) return;
  const files = globSync('examples/kubernetes/*.yaml', { cwd: root });
  assert.ok(files.length >= 2);
  for (const file of files) {
    await cluster.kubectl.run(['apply', '--dry-run=server', '--validate=strict', '-f', path.join(root, file)]);
  }
});

/** Of the section "On Kubernetes": what is typed, with the lines that it is said to print. */
function tour(): Line[] {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const [, section] = /^## On Kubernetes\n([\s\S]*?)^## /m.exec(readme) ?? [];
  assert.ok(section !== undefined, 'the README has no section "On Kubernetes"');
  const lines: { text: string; shown: string[] }[] = [];
  for (const [, block] of section.matchAll(/^```console\n([\s\S]*?)^```/gm)) {
    for (const line of block!.replaceAll('\\\n', ' ').split('\n')) {
      if (line.startsWith('$ ')) lines.push({ text: line.slice(2), shown: [] });
      else if (line !== '') lines.at(-1)!.shown.push(line);
    }
  }
  return lines;
}

function exchanged(line: string, image: string, nextImage: string): string {
  return line
    .replace('--set image.tag=dev', valuesOf(image))
    .replace('--set image.tag=next', valuesOf(nextImage))
    .replaceAll('quorate:next', nextImage);
}

function valuesOf(image: string): string {
  const separator = image.lastIndexOf(':');
  return `--set-string image.repository=${image.slice(0, separator)},image.tag=${image.slice(separator + 1)}`;
}

/** One user's shell: variables stay from line to line, and the kubeconfig is a copy that may be changed. */
class Shell {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  static async open(t: TestContext, { context, image }: Environment): Promise<Shell> {
    const folder = mkdtempSync(path.join(tmpdir(), 'quorate-tour-'));
    const kubeconfig = path.join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, await command('kubectl', ['--context', context, 'config', 'view', '--raw', '--minify']));
    const shell = new Shell(folder, { ...process.env, KUBECONFIG: kubeconfig });
    const clear = `kubectl --context ${context} delete namespace ${NAMESPACE} --ignore-not-found`;
    await shell.run(clear);
    // Drains refuse where a pod without a controller is left over, as the writers of other tests are.
    await shell.run(
      'for it in $(kubectl get namespaces -o name | grep /quorate-e2e-); do kubectl wait "$it" --for=delete --timeout=3m; done',
    );
    t.after(async () => {
      await shell.run('for node in $(kubectl get nodes --output name); do kubectl uncordon "$node"; done');
      // The tour takes it away.
      await installOperator(context, image);
      await shell.run(clear);
      rmSync(folder, { recursive: true });
    });
    return shell;
  }

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#env = env;
  }

  /** Standard output. */
  run(line: string): Promise<string> {
    const variables = path.join(this.#folder, 'variables');
    const script = `set -euo pipefail; touch ${variables}; source ${variables}; ${line}\ndeclare -p NODE >${variables} 2>/dev/null || true`;
    return new Promise((resolve, reject) => {
      const options = { cwd: root, env: this.#env, timeout: LINE_TIMEOUT_MS, maxBuffer: 64 << 20 };
      execFile('bash', ['-c', script], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`$ ${line}\n${stdout}${stderr}${error.killed === true ? 'it did not end' : ''}`));
      });
    });
  }
}
