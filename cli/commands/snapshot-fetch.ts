/** `quorate snapshot fetch`: a backup from where it was put, for the members of a cluster that begins with it. */
import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { withoutSecrets } from '../../node/server/snapshot-source-name.ts';
import { UserError } from '../user-error.ts';

/**
 * @returns false when the file is there already: whoever starts again after a crash needs it once
 * @throws UserError when it cannot be fetched; nothing is left under the name of the file then
 */
export async function fetchSnapshot(url: string, file: string): Promise<boolean> {
  if (existsSync(file)) return false;
  const shown = withoutSecrets(url);
  const answer = await fetch(url).catch((error: Error) => {
    const { message } = (error.cause as Error | undefined) ?? error;
    throw new UserError(`${shown} cannot be fetched: ${message}`);
  });
  if (!answer.ok || answer.body === null) throw new UserError(`${shown} answers ${answer.status} ${answer.statusText}`);
  const part = `${file}.part`;
  try {
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), createWriteStream(part));
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw new UserError(`${shown} broke off: ${(error as Error).message}`);
  }
  return true;
}
