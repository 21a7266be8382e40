/** A founded store over an engine in memory, and entries for it. */
import { foundingRows } from '../initial-state.ts';
import { rangeOf } from '../range-of.ts';
import { Store, type StoreOptions } from '../store.ts';
import type { Command, CommittedEntry, Membership, Proposal, Range, Result, Watch, WatchBatch } from '../types.ts';
import { MemoryEngine } from './memory-engine.ts';

export const FOUNDERS: Membership = {
  configIndex: 1,
  lastMemberId: 3,
  members: [1, 2, 3].map((id) => ({ id, name: `n${id}`, peerAddress: `n${id}:1`, incarnation: `i${id}` })),
  voters: [1, 2, 3],
  leaving: null,
};

export async function foundedEngine(): Promise<MemoryEngine> {
  const engine = new MemoryEngine();
  await engine.write(foundingRows({ clusterId: 'c1', format: 1, membership: FOUNDERS }));
  return engine;
}

export const STORE_OPTIONS: StoreOptions = { maxQueuedBytesPerWatch: 1 << 20 };

/** Gives commands the next indexes and applies them. */
export class StoreUnderTest {
  readonly engine: MemoryEngine;
  store: Store;

  private constructor(engine: MemoryEngine, store: Store) {
    this.engine = engine;
    this.store = store;
  }

  static async found(options: StoreOptions = STORE_OPTIONS): Promise<StoreUnderTest> {
    const engine = await foundedEngine();
    return new StoreUnderTest(engine, await Store.open(engine, options));
  }

  /** As after a clean restart: only the engine's rows are left. */
  async reopen(options: StoreOptions = STORE_OPTIONS): Promise<void> {
    await this.store.writeOut();
    this.store = await Store.open(this.engine, options);
  }

  async apply(command: Command, extra: Partial<Proposal> = {}): Promise<Result> {
    const [result] = await this.applyAll([command], extra);
    return result!;
  }

  async applyAll(commands: readonly Command[], extra: Partial<Proposal> = {}): Promise<(Result | null)[]> {
    const first = this.store.appliedIndex + 1;
    return this.store.apply(commands.map((command, n) => entry(first + n, command, extra)));
  }

  async values(range: Range): Promise<string[]> {
    const { items } = await this.store.range(range);
    return items.map(({ key, value }) => `${key}=${value}`);
  }

  async compactFully(maxRows = 3): Promise<void> {
    while (await this.store.compactStep(maxRows));
  }
}

export function entry(index: number, command: Command | null, extra: Partial<Proposal> = {}): CommittedEntry {
  const isConfiguration = command?.kind === 'ChangeMembership';
  const proposal = command && { origin: 1, sequence: index, timeMs: 0, idempotency: null, ...extra, command };
  return { index, term: 1, isConfiguration, proposal };
}

export function put(
  key: string,
  value: string,
  extra: Partial<Command & { kind: 'Put' }> = {},
): Command & { kind: 'Put' } {
  const flags = { lease: 0n, returnPrevious: false, ignoreValue: false, ignoreLease: false };
  return { kind: 'Put', key: Buffer.from(key), value: Buffer.from(value), ...flags, ...extra };
}

export function del(key: string, end: string | null = null): Command & { kind: 'DeleteRange' } {
  return { kind: 'DeleteRange', ...span(key, end), returnPrevious: false };
}

export function range(key: string, end: string | null = null, extra: Partial<Range> = {}): Range {
  return { ...rangeOf(span(key, end)), ...extra };
}

export function span(key: string, end: string | null): { key: Buffer; rangeEnd: Buffer | null } {
  return { key: Buffer.from(key), rangeEnd: end === null ? null : Buffer.from(end) };
}

/** Pulls until the mark of a revision not below `through`, or `count` batches. */
export async function pull(watch: Watch, limit: { through?: number; count?: number }): Promise<WatchBatch[]> {
  const iterator = watch[Symbol.asyncIterator]();
  return pullFrom(iterator, limit);
}

export async function pullFrom(
  iterator: AsyncIterator<WatchBatch>,
  { through = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY }: { through?: number; count?: number },
): Promise<WatchBatch[]> {
  const batches: WatchBatch[] = [];
  while (batches.length < count) {
    const { value, done } = await iterator.next();
    if (done) return batches;
    batches.push(value);
    if (value.events.length === 0 && value.revision >= through) return batches;
  }
  return batches;
}
