/** `npm run docs`: writes docs/settings.md from the schema. With `--check` only says whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsPage } from './settings-page.ts';

const FILE = 'docs/settings.md';
const page = settingsPage();

if (!process.argv.includes('--check')) {
  writeFileSync(FILE, page);
} else if (readFileSync(FILE, { encoding: 'utf8' }) !== page) {
  console.error(`${FILE} is not what the schema in node/config/settings.ts says`);
  process.exitCode = 1;
}
