/**
 * What is applied and not in the engine yet. The log has it, on a quorum, so neither answers nor watchers wait for the
 * engine: its rows gather here and go there together, a few times a second or when a read needs them. A row that is
 * replaced meanwhile is never written.
 */
import type { Engine, EngineOperation, EngineReader, KeyRange, Row, ScanOptions } from './engine.ts';
import type { Exclusive } from './exclusive.ts';
import { type Applied, putApplied } from './meta.ts';
import { currentKey } from './row-keys.ts';
import { encodeCurrent, type Version } from './row-values.ts';

/** The most of operations that gathers; about that much again may be on its way. */
const MAX_GATHERED_BYTES = 1 << 20;
/** What an operation takes beside its key and value. */
const OPERATION_OVERHEAD_BYTES = 64;

/** What one batch has changed. */
export type Changes = {
  /** Without the current rows, which are made of `versions` once they are written. */
  readonly operations: readonly EngineOperation[];
  /** The newest of each key, null for what was deleted. */
  readonly versions: Iterable<readonly [keyText: string, Version | null]>;
  /** Among `operations`: what may be asked for before it is written. */
  readonly answers: Iterable<readonly [rowKeyText: string, row: Buffer]>;
  readonly applied: Applied;
};

type Gathered = {
  readonly operations: EngineOperation[];
  readonly versions: Map<string, Version | null>;
  readonly answers: Map<string, Buffer>;
  bytes: number;
  applied: Applied | null;
};

export class Unwritten {
  /** Reads that see everything that was applied before they were asked for. */
  readonly reader: EngineReader;
  readonly #engine: Engine;
  readonly #writes: Exclusive;
  #gathered: Gathered = nothing();
  #onItsWay: Gathered = NOTHING;
  /** The last write that has begun; settled while none is under way. A failure stays: nothing may be written after it. */
  #write: Promise<void> = Promise.resolve();
  /** The write that begins once `#write` has ended. */
  #nextWrite: Promise<void> | null = null;

  constructor(engine: Engine, writes: Exclusive) {
    this.#engine = engine;
    this.#writes = writes;
    this.reader = new AppliedReader(engine, this);
  }

  get isEmpty(): boolean {
    return this.#gathered.applied === null && this.#onItsWay.applied === null;
  }

  get bytes(): number {
    return this.#gathered.bytes + this.#onItsWay.bytes;
  }

  add({ operations, versions, answers, applied }: Changes): void {
    const gathered = this.#gathered;
    for (const operation of operations) {
      gathered.operations.push(operation);
      gathered.bytes += sizeOf(operation);
    }
    for (const [keyText, version] of versions) {
      gathered.versions.set(keyText, version);
      gathered.bytes += OPERATION_OVERHEAD_BYTES + (version?.value?.length ?? 0);
    }
    for (const [rowKeyText, row] of answers) gathered.answers.set(rowKeyText, row);
    gathered.applied = applied;
  }

  /** The newest version of a key, null when it is deleted; undefined: the engine has the newest. */
  find(keyText: string): Version | null | undefined {
    const version = this.#gathered.versions.get(keyText);
    return version === undefined ? this.#onItsWay.versions.get(keyText) : version;
  }

  /** A remembered answer's row; undefined: the engine has it, if there is one. */
  findAnswer(rowKeyText: string): Buffer | undefined {
    return this.#gathered.answers.get(rowKeyText) ?? this.#onItsWay.answers.get(rowKeyText);
  }

  /** Resolves when there is room for more: at once, unless the engine is slower than the log. Rejects as the engine does. */
  async makeRoom(): Promise<void> {
    if (this.#gathered.bytes < MAX_GATHERED_BYTES) return;
    const before = this.#write;
    this.write()?.catch(() => {}); // told to whoever asks next
    await before;
  }

  /** Resolves when everything added before the call is in the engine; null when it is. Rejects as the engine does. */
  write(): Promise<void> | null {
    if (this.isEmpty) return null;
    if (this.#gathered.applied === null) return this.#write;
    this.#nextWrite ??= this.#write.then(() => this.#begin());
    return this.#nextWrite;
  }

  #begin(): Promise<void> {
    const batch = this.#gathered;
    this.#onItsWay = batch;
    this.#gathered = nothing();
    this.#nextWrite = null;
    this.#write = this.#writes
      .run(() => this.#engine.write(operationsOf(batch)))
      .then(() => {
        this.#onItsWay = NOTHING;
      });
    return this.#write;
  }
}

const NOTHING = nothing();

class AppliedReader implements EngineReader {
  readonly #engine: Engine;
  readonly #unwritten: Unwritten;

  constructor(engine: Engine, unwritten: Unwritten) {
    this.#engine = engine;
    this.#unwritten = unwritten;
  }

  async get(key: Uint8Array): Promise<Buffer | null> {
    await this.#unwritten.write();
    return this.#engine.get(key);
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Buffer | null)[]> {
    await this.#unwritten.write();
    return this.#engine.getMany(keys);
  }

  async scan(range: KeyRange, options: ScanOptions): Promise<Row[]> {
    await this.#unwritten.write();
    return this.#engine.scan(range, options);
  }
}

function nothing(): Gathered {
  return { operations: [], versions: new Map(), answers: new Map(), bytes: 0, applied: null };
}

function operationsOf({ operations, versions, applied }: Gathered): EngineOperation[] {
  for (const [keyText, version] of versions) {
    const key = currentKey(Buffer.from(keyText, 'latin1'));
    if (version === null) operations.push({ kind: 'Delete', key });
    else operations.push({ kind: 'Put', key, value: encodeCurrent(version) });
  }
  operations.push(putApplied(applied!));
  return operations;
}

function sizeOf(operation: EngineOperation): number {
  const bytes = operation.kind === 'Put' ? operation.key.length + operation.value.length : 0;
  return OPERATION_OVERHEAD_BYTES + bytes;
}
