/** `quorate snapshot` */
import { existsSync, statSync } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { SnapshotSummary } from '../../node/restore-snapshot.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connection.ts';
import { Progress, printJson, printLines } from '../output.ts';
import { formatBytes, renderTable } from '../table.ts';
import { decidePlan, HOST, plannedMembers, recordOf } from '../up/plan.ts';
import { UserError } from '../user-error.ts';
import { parsePositive } from '../values.ts';

type RestoreOptions = { dataDir: string; members?: number; port?: number; initialCluster?: string; json?: true };

export function define(command: Command): void {
  command.addHelpText(
    'after',
    `
Examples:
  quorate snapshot save backup.snapshot
  quorate snapshot status backup.snapshot
  quorate snapshot restore backup.snapshot --data-dir restored && quorate up --data-dir restored
  quorate snapshot restore backup.snapshot --data-dir restored --initial-cluster m1=10.0.0.1:2380,m2=10.0.0.2:2380
                                                    then quorate node --name m1 --data-dir restored/m1 ... on each`,
  );
  addConnectionOptions(
    command
      .command('save')
      .description('Save a consistent backup of everything.')
      .argument('<FILE>', 'must not exist')
      .action(save),
  );
  command
    .command('status')
    .description('Check a backup and say what is in it.')
    .argument('<FILE>')
    .option('--json', 'print JSON')
    .action(status);
  command
    .command('fetch')
    .description('Fetch a backup and check it. Does nothing when it is there.')
    .argument('<URL>', 'http or https')
    .argument('<FILE>')
    .action(fetched);
  command
    .command('restore')
    .description('Make the data folders of a new cluster from a backup. Its members must not run yet.')
    .argument('<FILE>')
    .requiredOption('--data-dir <FOLDER>', 'must not exist; gets a folder for each member')
    .option('--members <N>', 'for quorate up: how many, 1 to 7 (default 3)', parsePositive)
    .option('--port <PORT>', 'for quorate up: client port of the first (default 2379)', parsePositive)
    .option(
      '--initial-cluster <NAME=HOST:PORT,...>',
      'instead: names and peer addresses of members run with quorate node',
    )
    .option('--json', 'print JSON')
    .action(restore);
}

async function fetched(url: string, file: string): Promise<void> {
  const { fetchSnapshot } = await import('./snapshot-fetch.ts');
  const isNew = await fetchSnapshot(url, file);
  try {
    await verified(file);
  } catch (error) {
    // Else the next try would take it for a good one.
    await rm(file, { force: true });
    throw error;
  }
  printLines([isNew ? `fetched ${file}` : `${file} is there already`]);
}

async function restore(file: string, options: RestoreOptions): Promise<void> {
  const { dataDir } = options;
  if (existsSync(dataDir)) throw new UserError(`${dataDir} exists already; a restore begins with a new folder`);
  const isForUp = options.initialCluster === undefined;
  if (!isForUp && (options.members !== undefined || options.port !== undefined)) {
    throw new UserError('--initial-cluster does not go with --members and --port', 2);
  }
  const plan = decidePlan(options, null, dataDir);
  const members = isForUp
    ? plannedMembers(plan).map(({ name, peerPort }) => ({ name, peerAddress: `${HOST}:${peerPort}` }))
    : parseInitialCluster(options.initialCluster!);
  const progress = new Progress();
  progress.show(`checking ${file}`);
  const { header } = await verified(file);
  const { restoreSnapshot } = await import('../../node/restore-snapshot.ts');
  const folders = members.map((member) => ({ ...member, folder: resolve(dataDir, member.name) }));
  let clusterId: string;
  try {
    clusterId = await restoreSnapshot(resolve(file), folders, ({ name }) => progress.show(`restored ${name}`));
  } catch (error) {
    // All of it or nothing: half a cluster of folders could be started by mistake.
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
  if (isForUp) await writeFile(join(dataDir, 'cluster.json'), recordOf(plan));
  progress.done(
    `restored revision ${header.revision} for ${members.map(({ name }) => name).join(', ')} under the new cluster id ${clusterId}`,
  );
  if (options.json)
    printJson({ cluster_id: clusterId, revision: header.revision, folders: folders.map(({ folder }) => folder) });
  else
    printLines([
      isForUp
        ? `start it with: quorate up --data-dir ${dataDir}`
        : `start each with: quorate node --name NAME --data-dir ${dataDir}/NAME`,
    ]);
}

async function status(file: string, options: { json?: true }): Promise<void> {
  const { header, rowCount, sizeBytes, hash } = await verified(file);
  const { clusterId, revision, index, term, format } = header;
  if (options.json)
    return printJson({
      cluster_id: clusterId,
      revision,
      index,
      term,
      format,
      rows: rowCount,
      size_bytes: sizeBytes,
      hash,
    });
  printLines(
    renderTable(
      ['CLUSTER ID', 'REVISION', 'ROWS', 'SIZE', 'HASH'],
      [[clusterId, revision, rowCount, formatBytes(sizeBytes), hash.slice(0, 16)]],
    ),
  );
}

async function verified(file: string): Promise<SnapshotSummary> {
  if (!existsSync(file)) throw new UserError(`there is no file ${file}`);
  if (!statSync(file).isFile()) throw new UserError(`${file} is no file`);
  const { verifySnapshot } = await import('../../node/restore-snapshot.ts');
  return verifySnapshot(file);
}

/** `m1=10.0.0.1:2380,m2=10.0.0.2:2380` */
export function parseInitialCluster(text: string): { name: string; peerAddress: string }[] {
  const members = text.split(',').map((one) => {
    const match = /^([\w.-]+)=(\S+:\d+)$/.exec(one.trim());
    if (match === null) throw new UserError(`--initial-cluster: '${one}' is not like m1=10.0.0.1:2380`, 2);
    return { name: match[1]!, peerAddress: match[2]! };
  });
  for (const field of ['name', 'peerAddress'] as const) {
    const twice = members.find((one, at) => members.findIndex((other) => other[field] === one[field]) !== at);
    if (twice !== undefined) throw new UserError(`--initial-cluster: '${twice[field]}' is there twice`, 2);
  }
  return members;
}

async function save(file: string, options: ConnectionOptions): Promise<void> {
  if (existsSync(file)) throw new UserError(`${file} exists already; a backup does not overwrite another`);
  const client = await connect(options);
  const progress = new Progress();
  const { chunks } = await client.snapshot();
  // Under its name only when it is whole: half a backup is found out when it is too late.
  const partial = `${file}.partial`;
  const output = await open(partial, 'wx').catch((error: Error) => {
    throw new UserError(`cannot write ${partial}: ${error.message}`);
  });
  let sizeBytes = 0;
  try {
    for await (const chunk of chunks) {
      await output.write(chunk);
      sizeBytes += chunk.length;
      progress.show(`saved ${formatBytes(sizeBytes)}`);
    }
    await output.sync();
    await output.close();
    await verified(partial);
    await rename(partial, file);
  } catch (error) {
    await output.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
  progress.done(`saved ${formatBytes(sizeBytes)} to ${file}`);
  if (options.json) printJson({ file, size_bytes: sizeBytes });
}
