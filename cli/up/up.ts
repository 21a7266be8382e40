/** Runs a whole cluster on this machine until Ctrl-C. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FolderLock } from '../../node/storage/folder-lock.ts';
import { UserError } from '../user-error.ts';
import { LocalCluster } from './local-cluster.ts';
import { decidePlan, plannedMembers, recordOf } from './plan.ts';
import { assertPortsFree } from './ports.ts';

export type UpOptions = { readonly members?: number; readonly port?: number; readonly dataDir: string };

/**
 * @returns the exit code
 * @throws {UserError} before anything was started, when the folder or the ports cannot be used
 */
export async function up(options: UpOptions): Promise<number> {
  const { dataDir } = options;
  const recordFile = join(dataDir, 'cluster.json');
  const plan = decidePlan(options, existsSync(recordFile) ? readFileSync(recordFile, 'utf8') : null, dataDir);
  const members = plannedMembers(plan);
  const lock = await lockFolder(dataDir);
  try {
    await assertPortsFree(members);
    writeFileSync(recordFile, recordOf(plan));
    const cluster = new LocalCluster(dataDir, members);
    stopOnSignal(cluster);
    return await cluster.run();
  } finally {
    await lock.release();
  }
}

async function lockFolder(dataDir: string): Promise<FolderLock> {
  const { lockDataFolder } = await import('../../node/storage/folder-lock.ts');
  try {
    return await lockDataFolder(dataDir);
  } catch (error) {
    if (error instanceof Error && error.name === 'DataFolderInUse') throw error;
    throw new UserError(
      `cannot use the data folder ${dataDir}: ${(error as Error).message}: choose another with --data-dir`,
    );
  }
}

/** The first asks, the second insists. */
function stopOnSignal(cluster: LocalCluster): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    let isFirst = true;
    process.on(signal, () => {
      if (isFirst) cluster.stop();
      else cluster.kill();
      isFirst = false;
    });
  }
}
