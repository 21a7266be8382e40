/**
 * `npm run monitoring`: writes the chart's alerts and dashboards from monitoring/. With `--check` only says whether they
 * are up to date.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { monitoringOutputs } from '../monitoring/outputs.ts';
import { fail, isCheck, makeFile } from './made-file.ts';

const COMPLAINT = 'is not what monitoring/ makes';

for (const { folder, files } of monitoringOutputs) {
  const surplus = existsSync(folder) ? readdirSync(folder).filter((name) => !files.has(name)) : [];
  for (const file of surplus.map((name) => path.join(folder, name))) {
    if (isCheck) fail(`${file} ${COMPLAINT}`);
    else rmSync(file, { recursive: true });
  }
  for (const [name, content] of files) makeFile(path.join(folder, name), content, COMPLAINT);
}
