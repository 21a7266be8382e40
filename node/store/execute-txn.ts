/**
 * Transactions: first every compare, also of nested transactions, decides which branches run; then everything that
 * could refuse them is checked; only then is anything written. So a refused transaction has changed nothing, on
 * every member alike (etcd issue 18667).
 */
import { AnswerBytes } from './answer-bytes.ts';
import { satisfies } from './compare.ts';
import type { Draft } from './draft.ts';
import { invariant } from './errors.ts';
import { deleteKeys, putKey, refusePut, refuseRange, runRange } from './execute-key.ts';
import { type ReadMemory, readRange } from './range-read.ts';
import { loadValues } from './row-source.ts';
import type { Compare, Failed, Range, RangeResult, Txn, TxnOperation, TxnResult } from './types.ts';

/** A transaction with its branches decided. */
type Path = { readonly succeeded: boolean; readonly steps: readonly Step[] };
type Step = Exclude<TxnOperation, Txn> | { readonly kind: 'Path'; readonly path: Path };

const PAGE_ROWS = 1000;

export async function executeTxn(draft: Draft, txn: Txn): Promise<TxnResult | Failed> {
  const path = await decide(draft, txn);
  return (await refuse(draft, path, new AnswerBytes(draft))) ?? (await run(draft, path));
}

/**
 * For a transaction that only reads: there is nothing to undo, so what it reads is read once, and refused when it
 * turns out to be too much.
 */
export async function readTxn(draft: Draft, txn: Txn, memory: ReadMemory): Promise<TxnResult | Failed> {
  return readPath(draft, await decide(draft, txn), new AnswerBytes(draft), memory);
}

async function readPath(
  draft: Draft,
  path: Path,
  answer: AnswerBytes,
  memory: ReadMemory,
): Promise<TxnResult | Failed> {
  const results: TxnResult['results'][number][] = [];
  for (const step of path.steps) {
    invariant(step.kind === 'Range' || step.kind === 'Path', () => `${step.kind} does not only read`);
    const result =
      step.kind === 'Path'
        ? await readPath(draft, step.path, answer, memory)
        : await readStep(draft, step, answer, memory);
    if (result.kind === 'Failed') return result;
    results.push(result);
  }
  return { kind: 'Txn', revision: draft.readRevision, succeeded: path.succeeded, results };
}

async function readStep(
  draft: Draft,
  range: Range,
  answer: AnswerBytes,
  memory: ReadMemory,
): Promise<RangeResult | Failed> {
  const refusal = refuseRange(draft, range);
  if (refusal !== null) return refusal;
  if (range.rangeEnd === null && range.revision === 0) return (await answer.refuse(range)) ?? runRange(draft, range);
  const isNewest = range.revision === 0 || range.revision === draft.revision;
  const source = draft.source(isNewest ? 0 : range.revision);
  const result = await readRange(source, { ...range, maxBytes: answer.left + 1 }, draft.revision, memory);
  return answer.refuseResult(result) ?? result;
}

async function decide(draft: Draft, txn: Txn): Promise<Path> {
  let succeeded = true;
  for (const compare of txn.compares) {
    const holds =
      compare.rangeEnd === null ? satisfies(compare, draft.version(compare.key)) : await allSatisfy(draft, compare);
    if (!holds) {
      succeeded = false;
      break;
    }
  }
  const steps: Step[] = [];
  for (const operation of succeeded ? txn.success : txn.failure) {
    steps.push(operation.kind === 'Txn' ? { kind: 'Path', path: await decide(draft, operation) } : operation);
  }
  return { succeeded, steps };
}

async function allSatisfy(draft: Draft, compare: Compare): Promise<boolean> {
  let isEmpty = true;
  for await (const page of draft.source(0).pages(compare, { descending: false, pageRows: PAGE_ROWS })) {
    const values = compare.target === 'Value' ? await loadValues(draft.reader, page) : null;
    for (const [n, version] of page.entries()) {
      isEmpty = false;
      if (!satisfies(compare, values === null ? version : { ...version, value: values[n]! })) return false;
    }
  }
  return isEmpty ? satisfies(compare, null) : true;
}

async function refuse(draft: Draft, path: Path, answer: AnswerBytes): Promise<Failed | null> {
  for (const step of path.steps) {
    let refusal: Failed | null = null;
    if (step.kind === 'Put') refusal = refusePut(draft, step);
    else if (step.kind === 'Range') refusal = refuseRange(draft, step);
    refusal ??= await (step.kind === 'Path' ? refuse(draft, step.path, answer) : answer.refuse(step));
    if (refusal !== null) return refusal;
  }
  return null;
}

async function run(draft: Draft, path: Path): Promise<TxnResult> {
  const results: TxnResult['results'][number][] = [];
  for (const step of path.steps) {
    const result = runStep(draft, step);
    results.push(result instanceof Promise ? await result : result);
  }
  return { kind: 'Txn', revision: draft.readRevision, succeeded: path.succeeded, results };
}

function runStep(draft: Draft, step: Step): TxnResult['results'][number] | Promise<TxnResult['results'][number]> {
  switch (step.kind) {
    case 'Put':
      return putKey(draft, step);
    case 'DeleteRange':
      return deleteKeys(draft, step);
    case 'Range':
      return runRange(draft, step);
    case 'Path':
      return run(draft, step.path);
  }
}
