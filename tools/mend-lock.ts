/** After `npm install`: takes out of package-lock.json what npm would trip over, see lock-file.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type LockFile, mended } from './lock-file.ts';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as LockFile;
writeFileSync('package-lock.json', `${JSON.stringify(mended(lock), null, 2)}\n`);
