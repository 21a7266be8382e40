/** `quorate snapshot` */
import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { Command } from 'commander';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { Progress, printJson, printLines } from '../output.ts';
import { formatBytes } from '../table.ts';
import { UserError } from '../user-error.ts';

export function define(command: Command): void {
  command.addHelpText(
    'after',
    `
Examples:
  quorate snapshot save backup.snapshot`,
  );
  addConnectionOptions(
    command
      .command('save')
      .description('Save a consistent backup of everything.')
      .argument('<FILE>', 'must not exist')
      .action(save),
  );
}

async function save(file: string, options: ConnectionOptions): Promise<void> {
  if (existsSync(file)) throw new UserError(`${file} exists already; a backup does not overwrite another`);
  const client = await connect(options);
  const progress = new Progress();
  const { body } = await client.snapshot();
  // Under its name only when it is whole: half a backup is found out when it is too late.
  const partial = `${file}.partial`;
  const output = await open(partial, 'wx').catch((error: Error) => {
    throw new UserError(`cannot write ${partial}: ${error.message}`);
  });
  let sizeBytes = 0;
  try {
    for await (const chunk of body) {
      await output.write(chunk);
      sizeBytes += chunk.length;
      progress.show(`saved ${formatBytes(sizeBytes)}`);
    }
    await output.sync();
    await output.close();
    await rename(partial, file);
  } catch (error) {
    await output.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
  progress.done(`saved ${formatBytes(sizeBytes)} to ${file}`);
  if (options.json) printJson({ file, size_bytes: sizeBytes });
  else printLines([]);
}
