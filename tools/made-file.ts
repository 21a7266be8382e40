/** Files that are made from the code: written, or, with `--check` on the command line, only compared. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const isCheck: boolean = process.argv.includes('--check');

/** @param complaint what is said of the file, after its name, when it holds something else */
export function makeFile(file: string, content: string, complaint: string): void {
  if (!isCheck) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  } else if (!existsSync(file) || readFileSync(file, { encoding: 'utf8' }) !== content) {
    fail(`${file} ${complaint}`);
  }
}

/** The process goes on, and ends as one that failed. */
export function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
