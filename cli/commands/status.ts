/** `quorate status` */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { statusHeaders, statusRows, viewMembers } from '../members-view.ts';
import { printJson, printLines } from '../output.ts';
import { renderTable } from '../table.ts';

export function define(command: Command): void {
  addConnectionOptions(
    command
      .addHelpText(
        'after',
        `
Each member tells its own view; LAG is how many entries it has yet to apply. Exit code 1 when one is not healthy.

Examples:
  quorate status
  quorate status --endpoints http://10.0.0.1:2379 --json`,
      )
      .action(status),
  );
}

async function status(options: ConnectionOptions): Promise<void> {
  const views = await viewMembers(await connect(options));
  if (options.json) printJson(views);
  else printLines(renderTable(statusHeaders, statusRows(views)));
  if (views.some(({ trouble }) => trouble !== null)) process.exitCode = 1;
}
