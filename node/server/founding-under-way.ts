/**
 * A founding record that begins with a snapshot: brought here, checked, and given up again when the founding is done. A
 * large one takes longer than a call: whoever asks again waits for the same outcome.
 */
import { isDeepStrictEqual } from 'node:util';
import type { FoundingRecord } from '../storage/types.ts';
import { withoutSecrets } from './snapshot-source-name.ts';
import { type FoundingSnapshot, RequestError } from './types.ts';

/** Brings a snapshot to a file of this machine. */
export type FetchSnapshot = (source: string, signal: AbortSignal) => Promise<FoundingSnapshot>;

export type FoundingDependencies = {
  readonly fetch: FetchSnapshot;
  /** Founds with the content of a file. */
  readonly found: (record: FoundingRecord, snapshotFile: string) => Promise<FoundingRecord>;
  /** Tells whoever waits what is being done, or why it was not. */
  readonly show: (message: string) => void;
};

export class FoundingUnderWay {
  readonly #with: FoundingDependencies;
  #underWay: { readonly given: FoundingRecord; readonly outcome: Promise<FoundingRecord> } | null = null;
  readonly #stopping = new AbortController();

  constructor(dependencies: FoundingDependencies) {
    this.#with = dependencies;
  }

  /**
   * Resolves with the record as it was taken, without secrets and with the snapshot's checksum.
   * @param source of the snapshot, as `given` has it
   */
  take(given: FoundingRecord, source: string): Promise<FoundingRecord> {
    if (this.#underWay === null) {
      const outcome = this.#take(given, source).finally(() => {
        this.#underWay = null;
      });
      this.#underWay = { given, outcome };
    } else if (!isDeepStrictEqual(this.#underWay.given, given)) {
      const message = 'this member is taking another founding record: wait for its end';
      return Promise.reject(new RequestError('grant_conflict', message));
    }
    return this.#underWay.outcome;
  }

  /** Breaks off what is being brought. */
  stop(): void {
    this.#stopping.abort();
  }

  async #take(given: FoundingRecord, source: string): Promise<FoundingRecord> {
    const { fetch, found, show } = this.#with;
    const snapshotPath = withoutSecrets(source);
    show(`reads the snapshot to begin with, ${snapshotPath}`);
    try {
      const { path, sha256, release } = await fetch(source, this.#stopping.signal);
      try {
        if (given.snapshotSha256 !== undefined && given.snapshotSha256 !== sha256) {
          const what = `the snapshot at ${snapshotPath} has SHA-256 ${sha256}`;
          throw new RequestError('invalid_request', `${what}, not ${given.snapshotSha256}`);
        }
        return await found({ ...given, snapshotPath, snapshotSha256: sha256 }, path);
      } finally {
        await release();
      }
    } catch (error) {
      show(`empty: could not begin with a snapshot: ${error instanceof Error ? error.message : error}`);
      throw error;
    }
  }
}
