/** `quorate up` */
import type { Command } from 'commander';
import type { UpOptions } from '../up/up.ts';
import { parsePositive } from '../values.ts';

export function define(command: Command): void {
  command
    .option('--members <N>', 'how many, 1 to 7 (default 3)', parsePositive)
    .option('--port <PORT>', 'client port of the first member; each takes two ports (default 2379)', parsePositive)
    .option('--data-dir <FOLDER>', 'where their data is kept', '.quorate')
    .addHelpText(
      'after',
      `
Each member is a process of its own on 127.0.0.1. Started again, the cluster goes on with the same data.
Ctrl-C stops all members cleanly; a second Ctrl-C kills them.

Examples:
  quorate up
  quorate up --members 5 --port 4001 --data-dir /tmp/five`,
    )
    .action(async (options: UpOptions) => {
      const { up } = await import('../up/up.ts');
      process.exitCode = await up(options);
    });
}
