/** Finds what a batch needs of the engine, to be fetched in one trip before it is carried out. */
import type { Draft } from './draft.ts';
import type { EngineReader } from './engine.ts';
import { currentKey } from './row-keys.ts';
import type { Version } from './row-values.ts';
import type { Command, CommittedEntry, TxnOperation } from './types.ts';

type Needs = { readonly keys: Map<string, Buffer>; readonly values: Buffer[] };

/** Where rows are. A draft's own reader would have all that is applied written first. */
export type RowSources = {
  /** The newest version of a key, null where there is none; undefined: the engine has the newest. */
  version(keyText: string): Version | null | undefined;
  /** Undefined: the engine has it, if there is one. */
  answer(rowKeyText: string): Buffer | undefined;
  readonly engine: EngineReader;
};

/** Loads into `draft` all keys that the entries name one by one, their values where needed, and remembered answers. */
export async function prefetch(draft: Draft, entries: readonly CommittedEntry[], sources: RowSources): Promise<void> {
  const needs: Needs = { keys: new Map(), values: [] };
  const answers: AnswerRow[] = [];
  for (const { proposal } of entries) {
    if (proposal === null) continue;
    addNeeds(needs, proposal.command);
    if (proposal.idempotency === null) continue;
    const { key } = proposal.idempotency;
    for (const { generation, rowKey } of draft.answers.rowKeys(key)) {
      const row = sources.answer(rowKey.toString('latin1'));
      if (row === undefined) answers.push({ key, generation, rowKey });
      else draft.answers.remember(key, generation, row);
    }
  }
  const keys: Buffer[] = [];
  needs.keys.forEach((key, keyText) => {
    const version = sources.version(keyText);
    if (version === undefined) keys.push(key);
    else draft.rememberVersion(key, keyText, version);
  });
  if (keys.length > 0 || answers.length > 0) await fetchRows(draft, sources.engine, keys, answers);
  if (needs.values.length > 0) await draft.loadValues(needs.values);
}

/** The same for one command that is no entry. */
export async function prefetchCommand(draft: Draft, command: Command): Promise<void> {
  const needs: Needs = { keys: new Map(), values: [] };
  addNeeds(needs, command);
  if (needs.keys.size > 0) await fetchRows(draft, draft.reader, [...needs.keys.values()], NO_ANSWERS);
  if (needs.values.length > 0) await draft.loadValues(needs.values);
}

type AnswerRow = { readonly key: string; readonly generation: number; readonly rowKey: Buffer };

const NO_ANSWERS: readonly AnswerRow[] = [];

async function fetchRows(
  draft: Draft,
  reader: EngineReader,
  keys: readonly Buffer[],
  answers: readonly AnswerRow[],
): Promise<void> {
  const rows = await reader.getMany([...keys.map(currentKey), ...answers.map(({ rowKey }) => rowKey)]);
  for (let n = 0; n < keys.length; n += 1) draft.remember(keys[n]!, rows[n]!);
  answers.forEach(({ key, generation }, n) => {
    const row = rows[keys.length + n];
    if (row) draft.answers.remember(key, generation, row);
  });
}

function addNeeds(needs: Needs, command: Command): void {
  switch (command.kind) {
    case 'Put':
      return addKey(needs, command.key, command.returnPrevious || command.ignoreValue);
    case 'DeleteRange':
      if (command.rangeEnd === null) addKey(needs, command.key, command.returnPrevious);
      return;
    case 'Range':
      if (command.rangeEnd === null) addKey(needs, command.key, !command.keysOnly && !command.countOnly);
      return;
    case 'Txn':
      for (const compare of command.compares) {
        if (compare.rangeEnd === null) addKey(needs, compare.key, compare.target === 'Value');
      }
      addAll(needs, command.success);
      addAll(needs, command.failure);
      return;
    case 'Compact':
    case 'LeaseGrant':
    case 'LeaseRevoke':
    case 'LeaseExpire':
    case 'LeaseCheckpoint':
    case 'ChangeMembership':
    case 'RaiseFormat':
    case 'ChangeAuth':
    case 'MarkCorrupt':
      return;
  }
}

function addAll(needs: Needs, operations: readonly TxnOperation[]): void {
  for (const operation of operations) addNeeds(needs, operation);
}

function addKey(needs: Needs, key: Buffer, withValue: boolean): void {
  needs.keys.set(key.toString('latin1'), key);
  if (withValue) needs.values.push(key);
}
