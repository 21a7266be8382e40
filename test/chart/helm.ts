/** What the chart makes of values, through `helm template`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const CHART: string = fileURLToPath(new URL('../../charts/quorate', import.meta.url));

/** For `skip` of a test. */
export const withoutHelm: string | false =
  spawnSync('helm', ['version']).error === undefined
    ? false
    : 'helm is not on PATH (https://helm.sh/docs/intro/install)';

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: whatever the kind has
  readonly [field: string]: any;
};

/** @param values as `--set` takes them */
export function helm(command: 'template' | 'lint', values: readonly string[]): { status: number; output: string } {
  const name = command === 'template' ? ['quorate'] : ['--strict'];
  const more = [
    '--namespace',
    'quorate-system',
    '--kube-version',
    '1.33.0',
    ...values.flatMap((value) => ['--set', value]),
  ];
  const { status, stdout, stderr } = spawnSync('helm', [command, ...name, CHART, ...more], { encoding: 'utf8' });
  return { status: status ?? 1, output: status === 0 ? stdout : `${stdout}${stderr}` };
}

/** @param values as `--set` takes them */
export function render(...values: readonly string[]): readonly Manifest[] {
  const { status, output } = helm('template', values);
  assert.equal(status, 0, output);
  return parseAllDocuments(output)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

export function only(manifests: readonly Manifest[], kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  assert.equal(found.length, 1, `${found.length} of kind ${kind}`);
  return found[0]!;
}
