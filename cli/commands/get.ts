/** `quorate get` */
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { printJson, printLines, printValue } from '../output.ts';
import { UserError } from '../user-error.ts';
import { parsePositive } from '../values.ts';

type Options = ConnectionOptions & {
  prefix?: true;
  revision?: number;
  serializable?: true;
  keysOnly?: true;
  count?: true;
  limit?: number;
};

export function define(command: Command): void {
  addConnectionOptions(
    command
      .argument('[KEY]', 'with --prefix: what the keys start with; left out, all keys')
      .option('--prefix', 'all keys that start with KEY, as lines of key, tab, value')
      .option('--revision <N>', 'as it was at this revision', parsePositive)
      .option(
        '--serializable',
        'from the first member that answers, without asking the leader: fast, maybe a little behind',
      )
      .option('--keys-only', 'with --prefix: no values')
      .option('--count', 'with --prefix: only how many there are')
      .option('--limit <N>', 'with --prefix: no more than this', parsePositive)
      .addHelpText(
        'after',
        `
Examples:
  quorate get greeting                 the value alone; exit code 1 when there is none
  quorate get --prefix config/         all keys below config/
  quorate get --prefix                 everything
  quorate get greeting --revision 41   as it was
  quorate get greeting --json          with its revisions`,
      )
      .action(get),
  );
}

async function get(key: string | undefined, options: Options): Promise<void> {
  if (key === undefined && options.prefix === undefined)
    throw new UserError('name a key, or say --prefix for all keys', 2);
  const client = await connect(options);
  if (options.prefix) return getMany(client, key ?? '', options);
  for (const other of ['keysOnly', 'count', 'limit'] as const) {
    if (options[other] !== undefined) throw new UserError('--keys-only, --count and --limit go with --prefix', 2);
  }
  const item = await client.get(key!, readOptions(options));
  if (item === null) throw new UserError(`there is no key '${key}'`);
  if (options.json) printJson(item);
  else printValue(item.valueBytes);
}

async function getMany(client: Client, prefix: string, options: Options): Promise<void> {
  const range = { ...readOptions(options), ...(prefix === '' ? {} : { prefix }) };
  if (options.count) {
    const count = await client.count(range);
    return options.json ? printJson({ count }) : printLines([String(count)]);
  }
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const pages = client.pages({ ...range, keysOnly: options.keysOnly, limit: Math.min(left, 1_000) });
  for await (const { items } of pages) {
    const wanted = items.slice(0, left);
    if (options.json) for (const item of wanted) printJson(item);
    else printLines(wanted.map(({ key, value }) => (options.keysOnly ? key : `${key}\t${value}`)));
    left -= wanted.length;
    if (left === 0) return;
  }
}

function readOptions({ revision, serializable }: Options): {
  revision: number | undefined;
  consistency: 'serializable' | undefined;
} {
  return { revision, consistency: serializable ? 'serializable' : undefined };
}
