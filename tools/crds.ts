/** `npm run crds`: writes the CRD from operator/api. With `--check` only says whether it is up to date. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { crdFile, crdPage } from './crd.ts';

const page = crdPage();

if (!process.argv.includes('--check')) {
  mkdirSync(dirname(crdFile), { recursive: true });
  writeFileSync(crdFile, page);
} else if (readFileSync(crdFile, { encoding: 'utf8' }) !== page) {
  console.error(`${crdFile} is not what the schemas in operator/api say`);
  process.exitCode = 1;
}
