/** `quorate put` */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { readInput } from '../input.ts';
import { printJson, printLines } from '../output.ts';
import { parseLease, parseWhole } from '../values.ts';

type Options = ConnectionOptions & { lease?: string; ifRevision?: number; ifAbsent?: true; prev?: true };

export function define(command: Command): void {
  addConnectionOptions(
    command
      .argument('<KEY>')
      .argument('[VALUE]', 'left out or -: read from standard input')
      .option('--lease <ID>', 'bind the key to this lease', parseLease)
      .option('--if-revision <N>', 'only if the key was last changed at this revision', parseWhole)
      .option('--if-absent', 'only if there is no such key')
      .option('--prev', 'print the value that was replaced')
      .addHelpText(
        'after',
        `
Examples:
  quorate put greeting hello
  quorate put config/app < app.yaml
  quorate put lock me --if-absent
  quorate put counter 8 --if-revision 41`,
      )
      .action(put),
  );
}

async function put(key: string, value: string | undefined, options: Options): Promise<void> {
  const bytes = value === undefined || value === '-' ? await readInput('-') : value;
  const client = await connect(options);
  const { lease, ifRevision, ifAbsent, prev } = options;
  const { revision, previous } = await client.put(key, bytes, { lease, ifRevision, ifAbsent, prev });
  if (options.json) return printJson({ revision, ...(previous === null ? {} : { previous }) });
  printLines([`revision ${revision}`, ...(previous === null ? [] : [`was ${previous.value}`])]);
}
