/** `quorate txn` */
import type { Command } from 'commander';
import type { TxnAnswer, TxnResult } from '../../client/transaction.ts';
import type { ApiTxn } from '../../client/types.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { readInput } from '../input.ts';
import { printJson, printLines } from '../output.ts';
import { UserError } from '../user-error.ts';

export function define(command: Command): void {
  addConnectionOptions(
    command
      .argument('[FILE]', 'JSON; left out or -: standard input')
      .addHelpText(
        'after',
        `
The input is one JSON object. All of "if" must hold for "then" to be carried out, otherwise "else" is; all of it at one
revision, or nothing.

  if     [{key, exists: true} | {key, comparison: "=" "!=" "<" ">", and one of
          value, create_revision, mod_revision, version, lease}]       "=" when left out; version 0 means absent
  then,  [{put: {key, value, lease, prev}} | {delete: {key, prefix, prev}}
  else    | {get: {key, prefix, limit, keys_only, count_only}} | {txn: {if, then, else}}]

Bytes that are not text: key_base64, value_base64. Exit code 0 for "then" and for "else"; the first line says which.

Examples:
  quorate txn transfer.json
  quorate txn <<'JSON'
  {"if":   [{"key": "leader", "version": 0}],
   "then": [{"put": {"key": "leader", "value": "me"}}],
   "else": [{"get": {"key": "leader"}}]}
  JSON`,
      )
      .action(txn),
  );
}

async function txn(file: string | undefined, options: ConnectionOptions): Promise<void> {
  const text = (await readInput(file ?? '-')).toString();
  let transaction: ApiTxn;
  try {
    transaction = JSON.parse(text) as ApiTxn;
  } catch (error) {
    throw new UserError(
      `the transaction is not JSON: ${(error as Error).message.replaceAll('\n', ' ')}; see quorate txn --help`,
    );
  }
  const client = await connect(options);
  const answer = await client.txn(transaction);
  if (options.json) printJson(answer);
  else printLines(describe(answer));
}

function describe({ succeeded, revision, results }: TxnAnswer): string[] {
  return [`${succeeded ? 'then' : 'else'}, revision ${revision}`, ...results.flatMap(describeResult)];
}

function describeResult(result: TxnResult): string[] {
  switch (result.kind) {
    case 'put':
      return [`put at revision ${result.put.revision}`];
    case 'delete':
      return [`deleted ${result.delete.deleted}`];
    case 'get': {
      const { items, count } = result.get;
      return items.length === 0 ? [`found ${count}`] : items.map(({ key, value }) => `${key}\t${value}`);
    }
    case 'txn':
      return describe(result.txn).map((line) => `  ${line}`);
  }
}
