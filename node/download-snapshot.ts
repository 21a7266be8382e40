/** Fetches a snapshot over HTTP into a file; what has arrived before a connection broke is not fetched again. */
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Observer } from './server/observer.ts';
import { withoutSecrets } from './server/snapshot-source-name.ts';
import { RequestError } from './server/types.ts';

export type DownloadOptions = {
  /** http or https. */
  readonly source: string;
  /** An earlier one that was broken off is begun anew. */
  readonly downloadTo: string;
  readonly signal: AbortSignal;
  readonly log: Observer['log'];
};

/** A server may be restarted while it sends; past this many broken connections in a row without a byte it is given up. */
const MAX_ATTEMPTS = 5;
const RETRY_MS = 500;
const SILENCE_TIMEOUT_MS = 30_000;
const PROGRESS_EVERY_BYTES = 64 << 20;

/**
 * @throws RequestError `invalid_request` when it is not there or may not be read, `not_ready` when it may be later; Error of
 *   the system when the file cannot be written
 */
export async function downloadSnapshot(options: DownloadOptions): Promise<void> {
  const { source, downloadTo, signal } = options;
  const file = await open(downloadTo, 'w');
  const progress: Progress = { sizeBytes: 0, version: null };
  try {
    for (let attempt = 1; ; attempt++) {
      const before = progress.sizeBytes;
      const problem = await receive(options, progress, async (chunk) => {
        await file.write(chunk, 0, chunk.length, progress.sizeBytes);
        progress.sizeBytes += chunk.length;
      });
      if (problem === null) break;
      if (progress.sizeBytes > before) attempt = 0;
      if (attempt >= MAX_ATTEMPTS || signal.aborted) {
        throw new RequestError('not_ready', `cannot fetch the snapshot from ${withoutSecrets(source)}: ${problem}`);
      }
      options.log('warn', 'snapshot_download_broke', { received_bytes: progress.sizeBytes, reason: problem });
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
    // A server that went over to a shorter version has left more here than it sent.
    await file.truncate(progress.sizeBytes);
  } finally {
    await file.close();
  }
}

/** What has arrived, and of which version: a range of another one must not be appended to it. */
type Progress = { sizeBytes: number; version: string | null };

/** One connection. Null when all has arrived, otherwise why not. */
async function receive(
  { source, signal, log }: DownloadOptions,
  progress: Progress,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<string | null> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('nothing came for 30 s')), SILENCE_TIMEOUT_MS);
  try {
    const response = await fetch(source, {
      headers: rangeFrom(progress),
      signal: AbortSignal.any([signal, silence.signal]),
    });
    const { status } = response;
    if (!response.ok) {
      await response.body?.cancel();
      if (status === 416) progress.version = null;
      if (status >= 500 || status === 429 || status === 408 || status === 416) return `it answers ${status}`;
      throw new RequestError('invalid_request', `${withoutSecrets(source)} answers ${status} ${response.statusText}`);
    }
    if (status !== 206) progress.sizeBytes = 0;
    progress.version = versionOf(response);
    let reported = progress.sizeBytes;
    const expectedBytes = expectedSize(response, progress.sizeBytes);
    for await (const chunk of response.body!) {
      timer.refresh();
      await write(chunk);
      if (progress.sizeBytes - reported < PROGRESS_EVERY_BYTES) continue;
      reported = progress.sizeBytes;
      log('info', 'snapshot_downloading', { received_bytes: reported, expected_bytes: expectedBytes });
    }
    if (expectedBytes === null || progress.sizeBytes === expectedBytes) return null;
    return `it sent ${progress.sizeBytes} of ${expectedBytes} bytes`;
  } catch (error) {
    if (error instanceof RequestError || (error instanceof Error && 'syscall' in error)) throw error; // of our disk
    return causeOf(error);
  } finally {
    clearTimeout(timer);
  }
}

function rangeFrom({ sizeBytes, version }: Progress): Record<string, string> {
  if (sizeBytes === 0 || version === null) return {};
  return { Range: `bytes=${sizeBytes}-`, 'If-Range': version };
}

/** Only a strong validator may be asked for (RFC 9110, section 13.1.5). */
function versionOf({ headers }: Response): string | null {
  const etag = headers.get('etag');
  return etag !== null && !etag.startsWith('W/') ? etag : headers.get('last-modified');
}

function expectedSize({ headers }: Response, receivedBytes: number): number | null {
  const length = headers.get('content-length');
  // What is compressed on the way is longer than its length says.
  if (length === null || headers.has('content-encoding')) return null;
  return receivedBytes + Number(length);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
