/** The static checks, each a command; all run, and what the failing ones say is printed. */
import { spawn } from 'node:child_process';
import path from 'node:path';

export type Check = { readonly name: string; readonly args: readonly string[]; readonly mend?: string };

const bin = (file: string): string => path.join('node_modules', file);

export const checks: readonly Check[] = [
  {
    name: 'format and lint',
    args: [bin('@biomejs/biome/bin/biome'), 'check', '--colors=off', '--max-diagnostics=50'],
    mend: 'npm run format',
  },
  { name: 'lint with types', args: [bin('oxlint/bin/oxlint'), '--deny-warnings'] },
  { name: 'types', args: [bin('typescript/bin/tsc'), '-p', '.'] },
  { name: 'dead code', args: [bin('knip/bin/knip.js'), '--no-progress', '--no-config-hints'] },
  { name: 'one-way imports', args: ['tools/check-imports.ts'] },
  { name: 'settings table', args: ['tools/settings-docs.ts', '--check'], mend: 'npm run docs' },
  { name: 'CRD', args: ['tools/crds.ts', '--check'], mend: 'npm run crds' },
  { name: 'alerts and dashboards', args: ['tools/monitoring.ts', '--check'], mend: 'npm run monitoring' },
  { name: 'chart and manifest', args: ['tools/manifests.ts', '--check'], mend: 'npm run manifests' },
];

/** True when all pass. */
export async function runChecks(list: readonly Check[]): Promise<boolean> {
  const outcomes = await Promise.all(list.map(runCheck));
  return outcomes.every(Boolean);
}

async function runCheck({ name, args, mend }: Check): Promise<boolean> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  if (code === 0) {
    console.log(`check ${name}: ok (${seconds} s)`);
    return true;
  }
  console.log(`\n${output.trim()}\ncheck ${name}: FAILED${mend === undefined ? '' : `; try: ${mend}`}\n`);
  return false;
}
