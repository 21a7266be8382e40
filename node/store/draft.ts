/**
 * What a batch of entries makes of the state. Later entries see what earlier ones did; readers and watchers see nothing
 * of it before the store takes it over as a whole.
 */

import { Answers } from './answers.ts';
import type { AuthState } from './auth/state.ts';
import { putAuth } from './auth/state-codec.ts';
import { amongMembers, putCorrupt } from './corrupt-members.ts';
import type { EngineOperation, EngineReader } from './engine.ts';
import { invariant } from './errors.ts';
import type { AnswerLimits } from './idempotency.ts';
import { LeaseDraft } from './lease-draft.ts';
import { type Applied, type Cluster, type Meta, putCluster } from './meta.ts';
import { currentKey, historyKey, indexKey } from './row-keys.ts';
import { CurrentSource, loadValues, RevisionSource, type RowSource } from './row-source.ts';
import {
  decodeCurrent,
  deleteEvent,
  encodeEvent,
  encodeIndex,
  putEvent,
  type StoredEvent,
  type Version,
} from './row-values.ts';
import type { Lease, LeaseId, Membership } from './types.ts';

/** An event with what only memory has of it. */
export type DraftEvent = {
  readonly event: StoredEvent;
  /** The key as latin1 text: what maps of keys are keyed by. */
  readonly keyText: string;
  readonly previous: Version | null;
};

type DraftKey = { readonly key: Buffer; version: Version | null; readonly wasStored: boolean; isChanged: boolean };

export class Draft {
  readonly reader: EngineReader;
  readonly leases: LeaseDraft;
  readonly answers: Answers;
  readonly events: DraftEvent[] = [];
  revision: number;
  compactedRevision: number;
  timeMs: number;
  cluster: Cluster;
  auth: AuthState;
  corrupt: readonly number[];
  readonly #base: Meta;
  readonly #keys = new Map<string, DraftKey>();
  #keyCount: number;
  /** How many keys the running command has changed: the position of its next event within its revision. */
  #sub = 0;

  constructor(reader: EngineReader, base: Meta, leases: ReadonlyMap<LeaseId, Lease>, limits: AnswerLimits) {
    const { applied, auth, cluster, corrupt } = base;
    this.reader = reader;
    this.leases = new LeaseDraft(reader, leases);
    this.answers = new Answers(applied, limits);
    this.revision = applied.revision;
    this.compactedRevision = applied.compactedRevision;
    this.timeMs = applied.timeMs;
    this.cluster = cluster;
    this.auth = auth;
    this.corrupt = corrupt;
    this.#base = base;
    this.#keyCount = applied.keyCount;
  }

  /** Leader time never goes back, whatever the clock of the next leader says. */
  advanceTime(timeMs: number): void {
    if (timeMs <= this.timeMs) return;
    this.timeMs = timeMs;
    this.answers.advance(timeMs);
  }

  setMembership(membership: Membership): void {
    this.cluster = { ...this.cluster, membership };
    this.corrupt = amongMembers(this.corrupt, membership);
  }

  setFormat(format: number): void {
    this.cluster = { ...this.cluster, format };
  }

  /** Whether the command that is running has changed a key. */
  get hasWritten(): boolean {
    return this.#sub > 0;
  }

  /** The revision that the running command's reads report: its own once it has written. */
  get readRevision(): number {
    return this.hasWritten ? this.revision + 1 : this.revision;
  }

  /** Ends a command: it takes one revision for all that it wrote, none if it wrote nothing. */
  endCommand(): void {
    if (this.hasWritten) this.revision += 1;
    this.#sub = 0;
  }

  /** Fetches what is stored of `keys`, to be asked for by `version`. */
  async load(keys: readonly Buffer[]): Promise<void> {
    const absent = keys.filter((key) => !this.#keys.has(textOf(key)));
    if (absent.length === 0) return;
    const rows = await this.reader.getMany(absent.map(currentKey));
    for (let n = 0; n < absent.length; n += 1) this.remember(absent[n]!, rows[n]!);
  }

  /** Takes over a version that is known to be the newest. */
  rememberVersion(key: Buffer, keyText: string, version: Version | null): void {
    this.#keys.set(keyText, { key, version, wasStored: version !== null, isChanged: false });
  }

  /** What the batch leaves of each key that it has changed, by the key's text. */
  changedVersions(): [string, Version | null][] {
    const changed: [string, Version | null][] = [];
    this.#keys.forEach(({ version, isChanged }, keyText) => {
      if (isChanged) changed.push([keyText, version]);
    });
    return changed;
  }

  /** Takes over a current row as it is stored. */
  remember(key: Buffer, row: Buffer | null): void {
    const version = row === null ? null : decodeCurrent(key, row);
    this.#keys.set(textOf(key), { key, version, wasStored: row !== null, isChanged: false });
  }

  /** Fetches the values of those loaded `keys` that are only in history. */
  async loadValues(keys: readonly Buffer[]): Promise<void> {
    const absent = keys.map((key) => this.#loaded(textOf(key))).filter(({ version }) => version?.value === null);
    if (absent.length === 0) return;
    const values = await loadValues(
      this.reader,
      absent.map(({ version }) => version!),
    );
    absent.forEach((entry, n) => {
      entry.version = { ...entry.version!, value: values[n]! };
    });
  }

  /** The newest version of a loaded key. */
  version(key: Buffer): Version | null {
    return this.#loaded(textOf(key)).version;
  }

  put(key: Buffer, value: Buffer, lease: LeaseId): void {
    const keyText = textOf(key);
    const entry = this.#loaded(keyText);
    const previous = entry.version;
    if (previous?.lease !== lease) {
      if (previous !== null && previous.lease !== 0n) this.leases.detach(previous.lease, keyText, key);
      if (lease !== 0n) this.leases.attach(lease, keyText, key);
    }
    const revision = this.revision + 1;
    entry.version = {
      key,
      value,
      valueBytes: value.length,
      createRevision: previous?.createRevision ?? revision,
      modRevision: revision,
      sub: this.#sub,
      version: (previous?.version ?? 0) + 1,
      lease,
    };
    entry.isChanged = true;
    this.#sub += 1;
    if (previous === null) this.#keyCount += 1;
    this.events.push({ event: putEvent(entry.version, value, previous), keyText, previous });
  }

  /** Deletes a key that is there. `stored` is its version where the key was not loaded but found in a range. */
  delete(key: Buffer, stored: Version | null = null): void {
    const keyText = textOf(key);
    if (stored !== null && !this.#keys.has(keyText)) {
      this.#keys.set(keyText, { key, version: stored, wasStored: true, isChanged: false });
    }
    const entry = this.#loaded(keyText);
    const previous = entry.version;
    invariant(previous !== null, 'only a key that is there can be deleted');
    if (previous.lease !== 0n) this.leases.detach(previous.lease, keyText, key);
    entry.version = null;
    entry.isChanged = true;
    this.events.push({ event: deleteEvent(previous, this.revision + 1, this.#sub), keyText, previous });
    this.#sub += 1;
    this.#keyCount -= 1;
  }

  /** For reads of ranges, and of the past. `revision` 0 is the newest, with what the running command has written. */
  source(revision: number): RowSource {
    if (revision !== 0) {
      return new RevisionSource(
        this.reader,
        revision,
        this.events.map(({ event }) => event),
      );
    }
    const changed = [...this.#keys.values()]
      .filter(({ isChanged }) => isChanged)
      .map(({ key, version, wasStored }) => ({ key, row: version, wasStored }))
      .sort((a, b) => a.key.compare(b.key));
    return new CurrentSource(this.reader, this.#keyCount, changed);
  }

  /** The state's own rows once entry `index` is applied. */
  applied(index: number, term: number): Applied {
    const { revision, compactedRevision, timeMs } = this;
    const { generation, answers } = this.answers.window;
    const leaseCount = this.leases.count;
    return {
      index,
      term,
      revision,
      compactedRevision,
      timeMs,
      keyCount: this.#keyCount,
      leaseCount,
      generation,
      answers,
    };
  }

  /** Everything but the newest versions of keys and how far it is applied, which the next batch may replace. */
  operations(): EngineOperation[] {
    const operations: EngineOperation[] = [];
    for (const { event } of this.events) {
      const { key, modRevision } = event.item;
      operations.push({ kind: 'Put', key: historyKey(modRevision, event.sub), value: encodeEvent(event) });
      operations.push({ kind: 'Put', key: indexKey(key, modRevision), value: encodeIndex(event) });
    }
    this.leases.addOperations(operations);
    for (const operation of this.answers.operations) operations.push(operation);
    if (this.cluster !== this.#base.cluster) operations.push(putCluster(this.cluster));
    if (this.auth !== this.#base.auth) operations.push(putAuth(this.auth));
    if (this.corrupt !== this.#base.corrupt) operations.push(putCorrupt(this.corrupt));
    return operations;
  }

  #loaded(keyText: string): DraftKey {
    const entry = this.#keys.get(keyText);
    invariant(entry !== undefined, 'a key is used that was not loaded');
    return entry;
  }
}

function textOf(key: Buffer): string {
  return key.toString('latin1');
}
