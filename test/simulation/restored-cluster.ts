/** A cluster made of a backup, by either of the ways there are: `quorate snapshot restore`, or a founding record that names it. */
import { restoreFolders } from '../../node/server/restored-folders.ts';
import type { Backup } from './backup.ts';
import { Cluster } from './cluster.ts';
import { Life } from './life.ts';
import type { Machine } from './machine.ts';
import { judgeContent } from './workload.ts';

const SNAPSHOT_PATH = '/backup.snapshot';
const PATIENCE_MS = 60_000;

export type RestoredCluster = {
  readonly cluster: Cluster;
  /** Its members are told of the backup, if they were not made of it. */
  readonly form: () => Promise<void>;
};

/** On new machines; those of the first cluster are gone. */
export function restoredCluster(from: Cluster, { header, bytes }: NonNullable<Backup['content']>): RestoredCluster {
  const { world, plan, observers } = from;
  const { history } = observers.oracle;
  world.check(
    header.clusterId === history.clusterId && header.revision === history.revisionAt(header.index),
    () => `the backup says ${JSON.stringify(header)}, revision ${history.revisionAt(header.index)} is right`,
  );
  const random = world.random.fork('restored');
  const founderCount = random.pick([1, 2, 3]);
  const machineCount = founderCount + random.pick([0, 1]);
  const durationMs = random.pick([300, 1_500]);
  const steps = [...history.through(header.index), { kind: 'TakenOver', index: 1 } as const];
  const cluster = new Cluster(
    world,
    { ...plan, founderCount, machineCount, durationMs, ordeal: 'None' },
    { prefix: 'r', steps },
  );
  const founders = cluster.machines.slice(0, founderCount);
  toTheEnd(cluster, () => Promise.all(cluster.machines.map((machine) => copyTo(machine, bytes))));
  const isByCommand = random.chance(0.5);
  world.count(isByCommand ? 'restored by command' : 'restored by founding');
  if (isByCommand) toTheEnd(cluster, () => foundOffline(cluster, founders));
  const form = async (): Promise<void> => {
    await (isByCommand ? cluster.begin() : cluster.form(SNAPSHOT_PATH));
    for (const machine of founders) void judgeContent(cluster, machine);
  };
  return { cluster, form };
}

/** As the command does: one process that opens all folders, before any member runs. Its word counts once it has ended. */
async function foundOffline(cluster: Cluster, founders: readonly Machine[]): Promise<void> {
  const { scheduler, random } = cluster.world;
  const life = new Life(scheduler);
  const opened = [];
  for (const machine of founders) {
    const { name, address: peerAddress } = machine;
    const folder = await machine.openFolder(life, random.fork(`${name} offline`));
    opened.push({ member: { name, peerAddress }, folder });
  }
  await restoreFolders(SNAPSHOT_PATH, cluster.clusterId, opened, () => {});
  for (const { folder } of opened) await folder.close();
  life.kill();
  for (const { disk } of founders) disk.losePower();
}

async function copyTo({ disk }: Machine, bytes: Buffer): Promise<void> {
  const mounted = disk.mount(new Life(disk.scheduler));
  const file = await mounted.open(SNAPSHOT_PATH, 'create');
  await file.write([bytes], 0);
  await file.sync();
  await file.close();
  await mounted.syncFolder('/');
}

function toTheEnd(cluster: Cluster, act: () => Promise<unknown>): void {
  const { world } = cluster;
  let isDone = false;
  const fail = (error: unknown): void => world.fail(`a restore failed: ${(error as Error).stack}`);
  void act().then(() => {
    isDone = true;
  }, fail);
  if (!cluster.run(world.nowMs + PATIENCE_MS, () => isDone)) world.fail('a restore does not end');
}
