/**
 * `npm run monitoring`: writes the chart's alerts and dashboards from monitoring/. With `--check` only says whether they
 * are up to date.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { monitoringOutputs, type Output } from '../monitoring/outputs.ts';

if (process.argv.includes('--check')) {
  const stale = monitoringOutputs.flatMap(differences);
  for (const file of stale) console.error(`${file} is not what monitoring/ makes`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  monitoringOutputs.forEach(write);
}

function differences({ folder, files }: Output): string[] {
  const there = new Map(
    readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), { encoding: 'utf8' })]),
  );
  return [...new Set([...there.keys(), ...files.keys()])]
    .filter((name) => there.get(name) !== files.get(name))
    .map((name) => path.join(folder, name));
}

function write({ folder, files }: Output): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of files) writeFileSync(path.join(folder, name), content);
}
