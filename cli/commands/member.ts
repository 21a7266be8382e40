/** `quorate member` */
import type { Command } from 'commander';
import { QuorateError } from '../../client/errors.ts';
import type { JoinProgress } from '../../client/joining.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { memberId, nameOf } from '../members.ts';
import { Progress, printJson, printLines } from '../output.ts';
import { renderTable } from '../table.ts';
import { UserError } from '../user-error.ts';
import { parsePositive } from '../values.ts';

type AddOptions = ConnectionOptions & { learner?: true; replace?: number };

export function define(command: Command): void {
  command.addHelpText(
    'after',
    `
Examples:
  quorate member list
  quorate node --name m4 --listen-client 127.0.0.1:2385 --listen-peer 127.0.0.1:2386 --data-dir m4 &
  quorate member add http://127.0.0.1:2385            brings that empty member in
  quorate member add http://127.0.0.1:2383 --replace 3   in place of member 3, which has lost its data
  quorate member remove m4`,
  );
  addConnectionOptions(command.command('list').description('Members with their roles.').action(list));
  addConnectionOptions(
    command
      .command('add')
      .description('Bring a running, empty member in: learner first, then voter.')
      .argument('<URL>', "the new member's client URL")
      .option('--learner', 'leave it a learner, which has no vote')
      .option('--replace <ID>', 'remove this member, which has lost its data, first', parsePositive)
      .action(add),
  );
  addConnectionOptions(
    command
      .command('promote')
      .description('Make a learner a voter.')
      .argument('<MEMBER>', 'id or name')
      .action(promote),
  );
  addConnectionOptions(
    command
      .command('remove')
      .description('Take a member out for good.')
      .argument('<MEMBER>', 'id or name')
      .action(remove),
  );
}

async function list(options: ConnectionOptions): Promise<void> {
  const cluster = await (await connect(options)).cluster();
  if (options.json) return printJson(cluster);
  const rows = cluster.members.map(({ id, name, role, peer_address, client_url }) => [
    id,
    name,
    role,
    peer_address,
    client_url ?? null,
  ]);
  printLines(renderTable(['ID', 'NAME', 'ROLE', 'PEER ADDRESS', 'CLIENT URL'], rows));
}

async function add(url: string, options: AddOptions): Promise<void> {
  const { joinCluster } = await import('../../client/joining.ts');
  const client = await connect(options);
  const newcomer = client.at(url);
  const { name } = await newcomer.status().catch((error: unknown) => {
    if (!(error instanceof QuorateError) || error.code !== 'unreachable') throw error;
    throw new UserError(`the new member does not answer, which must run before it is added: ${error.message}`);
  });
  const progress = new Progress();
  const id = await joinCluster(client, newcomer, {
    replace: options.replace,
    asLearner: options.learner,
    onProgress: (step) => progress.show(describe(name, step)),
  });
  progress.done(`${name} has joined as member ${id}`);
  if (options.json) printJson({ id });
}

function describe(name: string, progress: JoinProgress): string {
  switch (progress.step) {
    case 'Removing':
      return `removing member ${progress.id}`;
    case 'Adding':
      return `adding ${name} as a learner`;
    case 'CatchingUp':
      return `${name} catches up: ${progress.applied} of ${progress.commit} entries`;
    case 'Promoting':
      return `promoting ${name}`;
  }
}

async function promote(member: string, options: ConnectionOptions): Promise<void> {
  const client = await connect(options);
  const cluster = await client.cluster();
  const id = memberId(cluster, member);
  const answer = await client.promoteMember(id, { expected_config_index: cluster.config_index });
  if (options.json) printJson(answer);
  else printLines([`${nameOf(cluster, id)} is a voter`]);
}

async function remove(member: string, options: ConnectionOptions): Promise<void> {
  const client = await connect(options);
  const cluster = await client.cluster();
  const id = memberId(cluster, member);
  const answer = await client.removeMember(id, { expected_config_index: cluster.config_index });
  if (options.json) printJson(answer);
  else printLines([`${nameOf(cluster, id)} is removed; its process can be stopped and its data folder deleted`]);
}
