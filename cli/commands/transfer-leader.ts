/** `quorate transfer-leader` */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { memberId, nameOf } from '../members.ts';
import { printJson, printLines } from '../output.ts';

export function define(command: Command): void {
  addConnectionOptions(
    command
      .argument('[MEMBER]', 'id or name; left out, the most caught-up voter')
      .addHelpText(
        'after',
        `
Examples:
  quorate transfer-leader
  quorate transfer-leader m2`,
      )
      .action(transferLeader),
  );
}

async function transferLeader(to: string | undefined, options: ConnectionOptions): Promise<void> {
  const client = await connect(options);
  const cluster = await client.cluster();
  const answer = await client.transferLeader(to === undefined ? {} : { to: memberId(cluster, to) });
  if (options.json) printJson(answer);
  else printLines([`${nameOf(cluster, answer.leader)} leads`]);
}
