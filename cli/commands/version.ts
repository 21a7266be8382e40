/** `quorate version` */
import type { Command } from 'commander';
import { QuorateError } from '../../client/errors.ts';
import { VERSION } from '../../node/version.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { printJson, printLines } from '../output.ts';

/** One's own version is said in any case, and soon: who asks for it may have no cluster. */
const TIMEOUT = '1s';

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
    TIMEOUT,
  );
}

async function version(options: ConnectionOptions): Promise<void> {
  const client = await connect(options);
  const member = await client.version().then(
    ({ quorate }) => ({ quorate }),
    (error: unknown) => {
      if (error instanceof QuorateError) return { quorate: null, why: error.message };
      throw error;
    },
  );
  if (options.json) {
    return printJson({ quorate: VERSION.quorate, node: process.versions.node, member: member.quorate });
  }
  const ofMember = 'why' in member ? `unknown: ${member.why}` : member.quorate;
  printLines([`quorate ${VERSION.quorate} (Node ${process.versions.node})`, `member  ${ofMember}`]);
}
