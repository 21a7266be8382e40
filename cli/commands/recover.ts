/** `quorate recover` */
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { ApiStatus } from '../../client/types.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { printJson, printLines } from '../output.ts';
import { UserError } from '../user-error.ts';

type RecoverOptions = ConnectionOptions & { othersAreStopped?: true };

export function define(command: Command): void {
  addConnectionOptions(
    command
      .description(
        'Go on from one member after a quorum is lost for good. What only the others had is lost. Stop the processes of all ' +
          'others first, and never start them again with the data that they have.',
      )
      .argument(
        '<URL>',
        "the survivor's client URL; of several the one whose status shows the highest last term, then index",
      )
      .option('--others-are-stopped', 'yes: no other member runs, or will run again with its data')
      .addHelpText(
        'after',
        `
Examples:
  quorate recover http://127.0.0.1:2381                        says what would be given up, does nothing
  quorate recover http://127.0.0.1:2381 --others-are-stopped`,
      )
      .action(recover),
  );
}

async function recover(url: string, options: RecoverOptions): Promise<void> {
  const survivor = (await connect(options)).at(url);
  const status = await survivor.status();
  const others = othersOf(status);
  if (options.othersAreStopped !== true) {
    throw new UserError(
      `${status.name} would go on alone under a new cluster id, without ${others.join(', ') || 'any other'} and what only these had: ` +
        'stop them all, then say --others-are-stopped',
    );
  }
  const cluster_id = randomBytes(8).toString('hex');
  await survivor.recover({ cluster_id, nonce: randomBytes(8).toString('hex') });
  if (options.json) return printJson({ cluster_id, survivor: status.name, given_up: others });
  printLines([
    `${status.name} is the only voter of the new cluster ${cluster_id}`,
    ...(others.length === 0
      ? []
      : [`empty the data folders of ${others.join(', ')}, start them, and add each with quorate member add`]),
  ]);
}

/** @throws UserError when there is nothing to recover, or nothing to recover from */
function othersOf({ name, state, message, leader, member_id, members }: ApiStatus): string[] {
  if (state !== 'Member') throw new UserError(`${name} has nothing to go on from: ${message ?? `it is ${state}`}`);
  if (leader !== undefined && leader !== 0) throw new UserError(`${name} knows a leader: the quorum is not lost`);
  return (members ?? []).filter(({ id }) => id !== member_id).map((member) => member.name);
}
