/** `quorate snapshot fetch`: a backup from where it was put, for the members of a cluster that begins with it. */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { downloadSnapshot } from '../../node/download-snapshot.ts';
import { UserError } from '../user-error.ts';

/**
 * @returns false when the file is there already: whoever starts again after a crash needs it once
 * @throws UserError when it cannot be fetched; nothing is left under the name of the file then
 */
export async function fetchSnapshot(url: string, file: string): Promise<boolean> {
  if (existsSync(file)) return false;
  const part = `${file}.part`;
  try {
    await downloadSnapshot({ source: url, downloadTo: part, signal: new AbortController().signal, log: tell });
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw new UserError((error as Error).message);
  }
  return true;
}

function tell(_level: string, event: string, fields: Readonly<Record<string, unknown>>): void {
  process.stderr.write(`quorate: ${event.replaceAll('_', ' ')}: ${JSON.stringify(fields)}\n`);
}
