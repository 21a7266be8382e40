/** `quorate version` */
import type { Command } from 'commander';
import { QuorateError } from '../../client/errors.ts';
import { VERSION } from '../../node/version.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { printJson, printLines } from '../output.ts';

export function define(command: Command): void {
  addConnectionOptions(
    command
      .addHelpText(
        'after',
        `
Examples:
  quorate version`,
      )
      .action(version),
  );
}

async function version(options: ConnectionOptions): Promise<void> {
  const client = await connect({ ...options, timeout: Math.min(options.timeout, 1_000) });
  let member: string | null = null;
  try {
    member = (await client.version()).quorate;
  } catch (error) {
    // No cluster is no reason not to say one's own version.
    if (!(error instanceof QuorateError)) throw error;
  }
  if (options.json) return printJson({ quorate: VERSION.quorate, node: process.versions.node, member });
  printLines([`quorate ${VERSION.quorate} (Node ${process.versions.node})`, `member  ${member ?? 'none answers'}`]);
}
