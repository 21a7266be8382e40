/** `quorate compact` */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { printJson, printLines } from '../output.ts';
import { parsePositive } from '../values.ts';

export function define(command: Command): void {
  addConnectionOptions(
    command
      .argument('<REVISION>', 'stays readable; what was overwritten or deleted before it does not', parsePositive)
      .addHelpText(
        'after',
        `
Examples:
  quorate compact 5000`,
      )
      .action(compact),
  );
}

async function compact(revision: number, options: ConnectionOptions): Promise<void> {
  const client = await connect(options);
  const answer = await client.compact(revision);
  if (options.json) printJson(answer);
  else printLines([`history begins at revision ${answer.compacted_revision}`]);
}
