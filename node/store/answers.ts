/** Remembered answers, as a batch in the making leaves them. */
import type { EngineOperation } from './engine.ts';
import { failed } from './errors.ts';
import {
  type AnswerLimits,
  type AnswerWindow,
  advanceWindow,
  isDecidedByState,
  isFull,
  liveGenerations,
  withAnswer,
} from './idempotency.ts';
import { decodeResult, encodeResult } from './result-codec.ts';
import { answerKey, answersBefore } from './row-keys.ts';
import type { Failed, Proposal, Result } from './types.ts';

type Idempotency = NonNullable<Proposal['idempotency']>;

const FINGERPRINT_BYTES = 32;

export class Answers {
  readonly operations: EngineOperation[] = [];
  /** Those given in this batch, by the text of their row's key. */
  readonly added: Map<string, Buffer> = new Map();
  readonly #limits: AnswerLimits;
  /** Row values by idempotency key, as found in the engine or given in this batch. */
  readonly #known = new Map<string, { readonly generation: number; readonly row: Buffer }>();
  #window: AnswerWindow;

  constructor(window: AnswerWindow, limits: AnswerLimits) {
    this.#window = { generation: window.generation, answers: window.answers };
    this.#limits = limits;
  }

  get window(): AnswerWindow {
    return this.#window;
  }

  advance(timeMs: number): void {
    const before = this.#window;
    this.#window = advanceWindow(before, timeMs);
    if (this.#window === before) return;
    const oldest = this.#window.generation - 1;
    for (const [key, { generation }] of this.#known) {
      if (generation < oldest) this.#known.delete(key);
    }
    if (before.answers[0].keys + before.answers[1].keys === 0) return;
    this.operations.push({ kind: 'DeleteRange', ...answersBefore(oldest) });
  }

  /** Rows that may hold the answer, to be given to `remember` as they are found. */
  rowKeys(key: string): { readonly generation: number; readonly rowKey: Buffer }[] {
    return liveGenerations(this.#window).map((generation) => ({ generation, rowKey: answerKey(generation, key) }));
  }

  remember(key: string, generation: number, row: Buffer): void {
    this.#known.set(key, { generation, row });
  }

  /** What this key was answered before, or why it cannot be used; null when the command is to be carried out. */
  find({ key, fingerprint }: Idempotency): Result | null {
    const known = this.#known.get(key);
    if (known === undefined) return isFull(this.#window, this.#limits) ? full(this.#limits) : null;
    if (known.row.subarray(0, FINGERPRINT_BYTES).equals(fingerprint)) {
      return decodeResult(known.row.subarray(FINGERPRINT_BYTES));
    }
    return failed('idempotency_key_reused', `the idempotency key ${key} was used for another request`);
  }

  add({ key, fingerprint }: Idempotency, result: Result): void {
    if (result.kind === 'Failed' && !isDecidedByState(result)) return;
    const { generation } = this.#window;
    const row = Buffer.concat([fingerprint, encodeResult(result)]);
    const rowKey = answerKey(generation, key);
    this.#window = withAnswer(this.#window, rowKey.length + row.length);
    this.#known.set(key, { generation, row });
    this.added.set(rowKey.toString('latin1'), row);
    this.operations.push({ kind: 'Put', key: rowKey, value: row });
  }
}

function full(limits: AnswerLimits): Failed {
  return failed(
    'too_many_idempotency_keys',
    `the answers of ${limits.keys} idempotency keys or ${limits.sizeBytes} bytes are remembered: retry in some minutes, or without a key`,
  );
}
