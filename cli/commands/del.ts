/** `quorate del` */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { printJson, printLines } from '../output.ts';
import { UserError } from '../user-error.ts';
import { parseWhole } from '../values.ts';

type Options = ConnectionOptions & { prefix?: true; all?: true; ifRevision?: number; prev?: true };

export function define(command: Command): void {
  addConnectionOptions(
    command
      .argument('[KEY]')
      .option('--prefix', 'all keys that start with KEY, in one step')
      .option('--all', 'every key there is')
      .option('--if-revision <N>', 'only if the key was last changed at this revision', parseWhole)
      .option('--prev', 'print what was deleted')
      .addHelpText(
        'after',
        `
Examples:
  quorate del greeting
  quorate del config/ --prefix
  quorate del --all`,
      )
      .action(del),
  );
}

async function del(key: string | undefined, options: Options): Promise<void> {
  if ((key === undefined) !== (options.all === true))
    throw new UserError('name a key, or say --all for every key there is', 2);
  if (options.ifRevision !== undefined && (options.prefix || options.all))
    throw new UserError('--if-revision is for one key', 2);
  const { ifRevision, prev } = options;
  const client = await connect(options);
  const answer = options.all
    ? await client.deleteAll()
    : options.prefix
      ? await client.deletePrefix(key!, { prev })
      : await client.delete(key!, { ifRevision, prev });
  if (options.json) return printJson(answer);
  printLines([
    `deleted ${answer.deleted} at revision ${answer.revision}`,
    ...answer.previous.map((item) => `${item.key}\t${item.value}`),
  ]);
}
