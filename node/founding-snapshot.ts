/**
 * The snapshot that a new cluster begins with: a file that this member can read, or a URL. Its SHA-256 goes into the
 * founding record: founders that began with different content would disagree for ever, and nobody would notice.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { downloadSnapshot } from './download-snapshot.ts';
import type { Observer } from './server/observer.ts';
import { type FoundingSnapshot, RequestError } from './server/types.ts';

export type FoundingSnapshotOptions = {
  /** An absolute path or a URL. */
  readonly source: string;
  /** Where a download goes; an earlier one that was broken off is begun anew. */
  readonly downloadTo: string;
  readonly signal: AbortSignal;
  readonly log: Observer['log'];
};

/** @throws RequestError `invalid_request` when it is not there or may not be read, `not_ready` when it may be later */
export async function foundingSnapshot(options: FoundingSnapshotOptions): Promise<FoundingSnapshot> {
  const { source, downloadTo, log } = options;
  const isUrl = /^https?:\/\//.test(source);
  if (!isUrl) return { path: source, sha256: await sha256OfFile(source), release: async () => undefined };
  const release = (): Promise<void> => rm(downloadTo, { force: true });
  try {
    await downloadSnapshot(options);
    const sha256 = await sha256OfFile(downloadTo);
    log('info', 'snapshot_downloaded', { sha256 });
    return { path: downloadTo, sha256, release };
  } catch (error) {
    await release();
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const code = 'code' in error && error.code === 'ENOSPC' ? 'no_space' : 'not_ready';
    throw new RequestError(code, `cannot keep the snapshot while it is read: ${error.message}`);
  }
}

async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch (error) {
    throw new RequestError('invalid_request', `this member cannot read the snapshot: ${(error as Error).message}`);
  }
  return hash.digest('hex');
}
