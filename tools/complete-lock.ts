/** Adds to package-lock.json what a registry without builds for all platforms left out: see lock-file.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { completed, type LockFile } from './lock-file.ts';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as LockFile;
writeFileSync('package-lock.json', `${JSON.stringify(completed(lock), null, 2)}\n`);
