/** `quorate lease` */
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { printJson, printLines } from '../output.ts';
import { renderTable } from '../table.ts';
import { UserError } from '../user-error.ts';
import { parseLease, parsePositive } from '../values.ts';

export function define(command: Command): void {
  command.addHelpText(
    'after',
    `
Examples:
  quorate lease grant 30                          prints its id
  quorate put session/me here --lease 1234
  quorate lease keep-alive 1234                   renews it until Ctrl-C
  quorate lease revoke 1234                       deletes its keys now`,
  );
  addConnectionOptions(
    command
      .command('grant')
      .description('Grant a lease.')
      .argument('<SECONDS>', 'time to live', parsePositive)
      .option('--id <ID>', 'with this id, instead of one that the member chooses', parseLease)
      .action(grant),
  );
  addConnectionOptions(
    command
      .command('keep-alive')
      .description('Renew a lease until Ctrl-C.')
      .argument('<ID>', '', parseLease)
      .option('--once', 'renew it once')
      .action(keepAlive),
  );
  addConnectionOptions(
    command
      .command('revoke')
      .description('End a lease and delete its keys.')
      .argument('<ID>', '', parseLease)
      .action(revoke),
  );
  addConnectionOptions(
    command
      .command('status')
      .description('Time left of a lease, and its keys.')
      .argument('<ID>', '', parseLease)
      .action(status),
  );
  addConnectionOptions(command.command('list').description('All leases.').action(list));
}

async function grant(seconds: number, options: ConnectionOptions & { id?: string }): Promise<void> {
  const client = await connect(options);
  const { id, ttlSeconds } = await client.grantLease(seconds, { id: options.id });
  if (options.json) return printJson({ id, ttl_seconds: ttlSeconds });
  if (ttlSeconds !== seconds) process.stderr.write(`quorate: raised to ${ttlSeconds} s, the shortest there is\n`);
  printLines([id]);
}

async function keepAlive(id: string, options: ConnectionOptions & { once?: true }): Promise<void> {
  const client = await connect(options);
  const show = (ttlSeconds: number) =>
    options.json ? printJson({ id, ttl_seconds: ttlSeconds }) : printLines([`renewed for ${ttlSeconds} s`]);
  const sentAtMs = performance.now();
  const { ttlSeconds } = await client.keepAlive(id);
  show(ttlSeconds);
  if (options.once) return;
  const { HeldLease } = await import('../../client/lease.ts');
  const lease = new HeldLease(
    {
      revokeLease: async () => undefined,
      keepAlive: async (...renewal) => {
        const answer = await client.keepAlive(...renewal);
        show(answer.ttlSeconds);
        return answer;
      },
    },
    id,
    ttlSeconds,
    sentAtMs,
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    lease.lost.addEventListener('abort', () => resolve(), { once: true });
  });
  if (lease.lost.aborted) throw new UserError((lease.lost.reason as Error).message);
  // It runs on for its time; whoever wants it gone now says `lease revoke`.
  await lease.release();
}

async function revoke(id: string, options: ConnectionOptions): Promise<void> {
  const client = await connect(options);
  const answer = await client.revokeLease(id);
  if (options.json) printJson(answer);
  else printLines([`revoked at revision ${answer.revision}`]);
}

async function status(id: string, options: ConnectionOptions): Promise<void> {
  const client = await connect(options);
  const lease = await client.lease(id, { keys: true });
  if (options.json) return printJson(lease);
  printLines([`${lease.remaining_seconds} of ${lease.ttl_seconds} s left`, ...(lease.keys ?? [])]);
}

async function list(options: ConnectionOptions): Promise<void> {
  const client = await connect(options);
  const leases = await client.leases();
  if (options.json) return printJson(leases);
  printLines(
    renderTable(
      ['LEASE', 'SECONDS'],
      leases.map(({ id, ttl_seconds }) => [id, ttl_seconds]),
    ),
  );
}
