import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Engine, EngineReader } from '../store/engine.ts';
import type { Membership } from '../store/types.ts';
import { type DataFolderOptions, openDataFolder, type StateOrigin } from './data-folder.ts';
import type { Disk } from './disk.ts';
import { DataDamaged, GrantConflict, SnapshotDamaged } from './errors.ts';
import type { StateDescription } from './incoming-snapshot.ts';
import { FaultyDisk, type Survival, seededRandom } from './testing/faulty-disk.ts';
import { openRecordEngine } from './testing/record-engine.ts';
import type {
  DataFolder,
  FoundingRecord,
  Identity,
  JoinRecord,
  RestoredLog,
  SnapshotHeader,
  SnapshotSource,
} from './types.ts';

const FOLDER = '/data/member';
const INCARNATION = '0123456789abcdef0123456789abcdef';
const CLUSTER = '00000000000000aa';
const SURVIVALS: readonly Survival[] = ['None', 'All', 'Prefix', 'Some'];

const FOUNDING: FoundingRecord = {
  clusterId: CLUSTER,
  founders: [{ id: 1, name: 'a', peerAddress: 'a:1', incarnation: INCARNATION }],
  snapshotPath: null,
};
const JOIN: JoinRecord = { clusterId: CLUSTER, memberId: 4, incarnation: INCARNATION, peers: [] };

function membershipAt(configIndex: number): Membership {
  return { configIndex, lastMemberId: 4, members: [], voters: [1], leaving: null };
}

async function writeState(engine: Engine, index: number, term: number, configIndex: number): Promise<void> {
  const description: StateDescription = { index, term, membership: membershipAt(configIndex) };
  await engine.write([
    { kind: 'Put', key: Buffer.from('m'), value: Buffer.from(JSON.stringify(description)) },
    { kind: 'Put', key: Buffer.from('x'), value: Buffer.from(`state at ${index}`) },
  ]);
}

async function describeState(reader: EngineReader): Promise<StateDescription> {
  const row = await reader.get(Buffer.from('m'));
  if (row === null) throw new Error('no state');
  return JSON.parse(row.toString());
}

async function initializeState(engine: Engine, origin: StateOrigin): Promise<void> {
  if (origin.kind === 'Founding') return writeState(engine, 1, 1, 1);
  const { index, term } = await describeState(engine);
  return writeState(engine, index, term, index);
}

function optionsOn(disk: Disk): DataFolderOptions {
  return {
    disk,
    folder: FOLDER,
    openEngine: (folder) => openRecordEngine(disk, folder),
    initializeState,
    describeState,
    drawIncarnation: () => INCARNATION,
    maxLogSegmentBytes: 600,
  };
}

function open(disk: FaultyDisk): Promise<DataFolder> {
  return openDataFolder(optionsOn(disk.boot().disk));
}

function headerAt(index: number, term: number, clusterId = CLUSTER): SnapshotHeader {
  return { format: 1, clusterId, index, term, membership: membershipAt(index), revision: index };
}

/** A snapshot as some leader has it. */
async function leaderSnapshot(index: number, term: number): Promise<SnapshotSource> {
  const { disk } = new FaultyDisk(Math.random).boot();
  const folder = await openDataFolder(optionsOn(disk));
  await folder.acceptFounding(FOUNDING, 1);
  await writeState(folder.engine!, index, term, index);
  return folder.openSnapshot(folder.engine!.snapshot(), headerAt(index, term));
}

async function receive(folder: DataFolder, source: SnapshotSource): Promise<void> {
  const incoming = await folder.startSnapshot(source.id, source.header);
  for await (const chunk of source.chunks(0)) await incoming.write(chunk);
  await incoming.finish();
  const { index, term } = source.header;
  await folder.installSnapshot(incoming, { term, vote: 0, commit: index });
}

/** What a member must find again. */
type Model = {
  readonly identity: Identity;
  readonly log: RestoredLog;
  /** Null without a state. */
  readonly applied: { readonly latest: number; readonly flushed: number } | null;
};

type Step = { readonly after: Model; readonly act: (folder: DataFolder) => Promise<void> };

const NEW: Model = {
  identity: { format: 1, incarnation: INCARNATION, grant: { kind: 'None' }, isRemoved: false },
  log: { base: { index: 0, term: 0 }, hardState: { term: 0, vote: 0, commit: 0 }, configuration: null, entries: [] },
  applied: null,
};

function restarted(index: number, term: number, hardState: RestoredLog['hardState']): Pick<Model, 'log' | 'applied'> {
  return {
    log: {
      base: { index, term },
      hardState,
      configuration: { membership: membershipAt(index), commit: index },
      entries: [],
    },
    applied: { latest: index, flushed: index },
  };
}

/** Something that may happen to a member in this state. */
function randomStep(model: Model, random: () => number): Step {
  const below = (bound: number): number => Math.floor(random() * bound);
  const { identity, log, applied } = model;
  const { grant } = identity;
  const last = log.base.index + log.entries.length;
  if (grant.kind === 'None') {
    if (below(2) === 0) {
      const after: Model = {
        identity: { ...identity, grant: { kind: 'Founder', record: FOUNDING, memberId: 1 } },
        ...restarted(1, 1, { term: 1, vote: 0, commit: 1 }),
      };
      return { after, act: (folder) => folder.acceptFounding(FOUNDING, 1) };
    }
    const after: Model = { ...model, identity: { ...identity, grant: { kind: 'Joiner', record: JOIN } } };
    return { after, act: (folder) => folder.acceptJoin(JOIN) };
  }
  const kind = below(12);
  if (kind === 0 || applied === null) {
    const term = Math.max(1, log.hardState.term);
    const index = Math.max(last, 1) + 1 + below(5);
    const source = leaderSnapshot(index, term);
    return {
      after: { identity, ...restarted(index, term, { term, vote: 0, commit: index }) },
      act: async (folder) => {
        if (grant.kind === 'Survivor') return;
        await receive(folder, await source);
      },
      ...(grant.kind === 'Survivor' ? { after: model } : {}),
    };
  }
  if (kind === 1 && !identity.isRemoved) {
    const record = {
      clusterId: `${below(2 ** 32)
        .toString(16)
        .padStart(15, '0')}b`,
      nonce: String(random()),
    };
    const { term } = log.hardState;
    const after: Model = {
      identity: { ...identity, grant: { kind: 'Survivor', record, memberId: 1 } },
      ...restarted(applied.latest, termAt(log, applied.latest), { term, vote: 0, commit: applied.latest }),
    };
    return { after, act: (folder) => folder.acceptRecovery(record, 1, []) };
  }
  if (kind === 2 && below(8) === 0) {
    return { after: { ...model, identity: { ...identity, isRemoved: true } }, act: (folder) => folder.markRemoved() };
  }
  if (kind === 3 && applied.flushed > log.base.index) {
    const base = { index: applied.flushed, term: termAt(log, applied.flushed) };
    const hardState = { ...log.hardState, commit: Math.max(log.hardState.commit, base.index) };
    const entries = log.entries.filter(({ index }) => index > base.index);
    return { after: { ...model, log: { ...log, base, hardState, entries } }, act: (folder) => folder.log.cut(base) };
  }
  if (kind === 4) {
    return {
      after: { ...model, applied: { ...applied, flushed: applied.latest } },
      act: (folder) => folder.engine!.flush(),
    };
  }
  if (kind < 8 && applied.latest < last) {
    const latest = applied.latest + 1;
    const { membership } = log.configuration!;
    return {
      after: { ...model, applied: { ...applied, latest } },
      act: (folder) => writeState(folder.engine!, latest, termAt(log, latest), membership.configIndex),
    };
  }
  const entries = [{ index: last + 1, term: log.hardState.term, kind: 0 as const, data: Buffer.alloc(below(100)) }];
  const hardState = { ...log.hardState, vote: below(3) };
  return {
    after: { ...model, log: { ...log, hardState, entries: [...log.entries, ...entries] } },
    act: (folder) => folder.log.append({ hardState, entries, configuration: null }),
  };
}

function termAt({ base, entries }: RestoredLog, index: number): number {
  return index === base.index ? base.term : entries[index - base.index - 1]!.term;
}

/** Checks what was found against what it may be, and returns which it is. */
async function foundModel(folder: DataFolder, allowed: readonly Model[], hint: string): Promise<Model> {
  const state = folder.engine === null ? null : await describeState(folder.engine);
  const text = folder.engine === null ? null : await folder.engine.get(Buffer.from('x'));
  assert.equal(text?.toString(), state === null ? undefined : `state at ${state.index}`, hint);
  for (const model of allowed) {
    const isAppliedRight =
      state === null || model.applied === null
        ? state === null && model.applied === null
        : state.index >= model.applied.flushed && state.index <= model.applied.latest;
    if (!isAppliedRight) continue;
    try {
      assert.deepEqual(
        { identity: folder.identity, log: folder.restored },
        { identity: model.identity, log: model.log },
      );
    } catch {
      continue;
    }
    return { ...model, applied: state && { latest: state.index, flushed: state.index } };
  }
  const { identity, restored } = folder;
  assert.deepEqual({ identity, log: restored, applied: state?.index ?? null }, allowed.at(-1), hint);
  throw new Error('unreachable');
}

test('after a loss of power at any operation a member is what it was, or what it was about to be', async () => {
  for (let run = 21; run <= 60; run++) {
    const random = seededRandom(run);
    const disk = new FaultyDisk(random);
    let allowed: Model[] = [NEW];
    for (let life = 0; life < 6; life++) {
      const hint = `run ${run}, life ${life}`;
      const { disk: mounted, died } = disk.boot(Math.floor(random() * 250));
      const live = async (): Promise<void> => {
        const folder = await openDataFolder(optionsOn(mounted));
        let now = await foundModel(folder, allowed, hint);
        allowed = [now];
        for (let count = 0; count < 40; count++) {
          const step = randomStep(now, random);
          allowed = [now, step.after];
          await step.act(folder);
          now = step.after;
          allowed = [now];
        }
      };
      await Promise.race([live(), died]);
      disk.losePower(SURVIVALS[Math.floor(random() * SURVIVALS.length)]!);
    }
    const folder = await open(disk);
    await foundModel(folder, allowed, `run ${run}`);
    await folder.close();
    const states = disk
      .files()
      .filter((path) => /state-\d+\//.test(path))
      .map((path) => path.split('/')[3]);
    assert.ok(new Set(states).size <= 1, `nothing is left behind: ${states}`);
  }
});

test('what a process did before it died counts only once it is durable: a later loss of power takes nothing back', async () => {
  const entry = { index: 2, term: 1, kind: 0 as const, data: Buffer.from('acknowledged') };
  for (let operations = 1; operations <= 60; operations++) {
    const disk = new FaultyDisk(seededRandom(operations));
    const { disk: mounted, died } = disk.boot(operations);
    const begin = async (): Promise<void> => (await openDataFolder(optionsOn(mounted))).acceptFounding(FOUNDING, 1);
    await Promise.race([begin(), died]);
    const folder = await open(disk);
    await folder.acceptFounding(FOUNDING, 1);
    await folder.log.append({ hardState: null, configuration: null, entries: [entry] });
    disk.losePower('None');
    const again = await open(disk);
    assert.deepEqual(again.restored.entries, [entry], `died after ${operations} operations`);
    await again.close();
  }
});

test('an incarnation is drawn once', async () => {
  const disk = new FaultyDisk(Math.random);
  await (await open(disk)).close();
  const options = { ...optionsOn(disk.boot().disk), drawIncarnation: () => assert.fail('drawn again') };
  const folder = await openDataFolder(options);
  assert.equal(folder.identity.incarnation, INCARNATION);
  await folder.close();
});

test('each grant is taken once, again when equal, and excludes the others', async () => {
  const folder = await open(new FaultyDisk(Math.random));
  await assert.rejects(folder.acceptRecovery({ clusterId: CLUSTER, nonce: 'n' }, 1, []), GrantConflict);
  await assert.rejects(folder.acceptFounding(FOUNDING, 2), /not among the founders/);
  const foreign = { ...FOUNDING, founders: [{ ...FOUNDING.founders[0]!, incarnation: 'f'.repeat(32) }] };
  await assert.rejects(folder.acceptFounding(foreign, 1), /has incarnation f+/);
  await Promise.all([folder.acceptFounding(FOUNDING, 1), folder.acceptFounding(structuredClone(FOUNDING), 1)]);
  await assert.rejects(folder.acceptFounding({ ...FOUNDING, clusterId: '00000000000000bb' }, 1), GrantConflict);
  await assert.rejects(folder.acceptJoin(JOIN), GrantConflict);
  await assert.rejects(folder.acceptRecovery({ clusterId: CLUSTER, nonce: 'n' }, 1, []), /needs a new id/);
  const recovery = { clusterId: '00000000000000cc', nonce: 'n' };
  await folder.acceptRecovery(recovery, 1, []);
  const { engine } = folder;
  await folder.acceptRecovery({ ...recovery }, 1, []);
  assert.equal(folder.engine, engine);
  await assert.rejects(
    folder.acceptRecovery({ clusterId: '00000000000000dd', nonce: 'n' }, 1, []),
    /nonce n has recovered/,
  );
  await folder.acceptRecovery({ clusterId: '00000000000000dd', nonce: 'another' }, 1, []);
  await folder.markRemoved();
  await assert.rejects(folder.acceptRecovery({ clusterId: '00000000000000ee', nonce: 'last' }, 1, []), /was removed/);
  await folder.close();
});

test('a later leave to join may name other peers', async () => {
  const disk = new FaultyDisk(Math.random);
  const folder = await open(disk);
  await folder.acceptJoin(JOIN);
  const later = { ...JOIN, peers: [{ id: 2, peerAddress: 'b:1', incarnation: 'f'.repeat(32) }] };
  await folder.acceptJoin(later);
  await assert.rejects(folder.acceptJoin({ ...later, memberId: 5 }), GrantConflict);
  await folder.close();
  assert.deepEqual((await open(disk)).identity.grant, { kind: 'Joiner', record: later });
});

test('a broken transfer goes on where it was, and is forgotten by a restart', async () => {
  const disk = new FaultyDisk(Math.random);
  const folder = await open(disk);
  await folder.acceptJoin(JOIN);
  const source = await leaderSnapshot(50, 2);
  const incoming = await folder.startSnapshot(source.id, source.header);
  for await (const chunk of source.chunks(0)) {
    await incoming.write(chunk);
    break;
  }
  const resumed = folder.resumableSnapshot();
  assert.equal(resumed?.id, source.id);
  assert.equal(resumed.chunkCount, 1);
  for await (const chunk of source.chunks(resumed.chunkCount)) await resumed.write(chunk);
  await resumed.finish();
  assert.equal(folder.resumableSnapshot(), null);
  await folder.close();

  const again = await open(disk);
  assert.equal(again.engine, null);
  assert.equal(again.resumableSnapshot(), null);
  await receive(again, source);
  assert.deepEqual(again.restored.base, { index: 50, term: 2 });
  await again.close();
});

test('a snapshot that is damaged, of another cluster or not what it says is never installed', async () => {
  const folder = await open(new FaultyDisk(Math.random));
  await folder.acceptJoin(JOIN);
  await assert.rejects(folder.startSnapshot('x', headerAt(50, 2, '00000000000000bb')), SnapshotDamaged);
  const source = await leaderSnapshot(50, 2);
  const chunks: Buffer[] = [];
  for await (const chunk of source.chunks(0)) chunks.push(chunk);

  const damaged = await folder.startSnapshot(source.id, source.header);
  await damaged.write(chunks[0]!);
  const flipped = Buffer.from(chunks[1]!);
  flipped[60]! ^= 1;
  await assert.rejects(damaged.write(flipped), SnapshotDamaged);
  assert.equal(folder.resumableSnapshot(), null, 'it begins anew');

  const short = await folder.startSnapshot(source.id, source.header);
  await short.write(chunks[0]!);
  await assert.rejects(short.finish(), /ends after chunk 0/);

  const engine = await openRecordEngine(new FaultyDisk(Math.random).boot().disk, '/data');
  await writeState(engine, 49, 2, 49);
  await assert.rejects(receive(folder, folder.openSnapshot(engine.snapshot(), headerAt(50, 2))), /its header says 50/);
  assert.equal(folder.engine, null);
  await folder.close();
});

test('what no crash leaves is refused', async () => {
  const prepared = async (): Promise<FaultyDisk> => {
    const disk = new FaultyDisk(Math.random);
    const folder = await open(disk);
    await folder.acceptFounding(FOUNDING, 1);
    for (let index = 2; index <= 30; index++) {
      await folder.log.append({
        hardState: null,
        configuration: null,
        entries: [{ index, term: 1, kind: 0, data: Buffer.alloc(50) }],
      });
    }
    await writeState(folder.engine!, 20, 1, 1);
    await folder.engine!.flush();
    await folder.close();
    return disk;
  };
  const refused = async (what: RegExp, damage: (disk: FaultyDisk) => void | Promise<void>): Promise<void> => {
    const disk = await prepared();
    await damage(disk);
    await assert.rejects(open(disk), (error) => {
      assert.ok(error instanceof DataDamaged);
      assert.match(error.message, what);
      if (!/identity is damaged.*(missing, though|checksum)/s.test(error.message))
        assert.equal(error.identity?.incarnation, INCARNATION);
      return true;
    });
  };
  const forget = (disk: FaultyDisk, pattern: RegExp): void => {
    for (const path of disk.files()) if (pattern.test(path)) disk.forget(path);
  };
  const rewriteState = async (disk: FaultyDisk, index: number, term: number): Promise<void> => {
    const engine = await openRecordEngine(disk.boot().disk, join(FOLDER, 'state-1'));
    await writeState(engine, index, term, 1);
    await engine.flush();
  };
  await refused(/identity is damaged.*it is missing/s, (disk) => forget(disk, /identity/));
  await refused(/segments are missing/, (disk) => forget(disk, /segment/));
  await refused(/state-1 is missing/, async (disk) => disk.forget(join(FOLDER, 'state-1')));
  await refused(/the log ends at 30/, (disk) => rewriteState(disk, 31, 1));
  await refused(/began with 1/, (disk) => rewriteState(disk, 0, 1));
  await refused(/of term 2, the log has it with term 1/, (disk) => rewriteState(disk, 20, 2));
  await refused(/does not match its checksum/, (disk) => {
    const path = join(FOLDER, 'identity');
    const content = Buffer.from(disk.content(path));
    content[100]! ^= 1;
    disk.setContent(path, content);
  });
});

test('a state that is older than the log begins is refused', async () => {
  const disk = new FaultyDisk(Math.random);
  const folder = await open(disk);
  await folder.acceptFounding(FOUNDING, 1);
  await folder.log.append({
    hardState: null,
    configuration: null,
    entries: [{ index: 2, term: 1, kind: 0, data: Buffer.alloc(0) }],
  });
  await folder.log.cut({ index: 2, term: 1 });
  await folder.close();
  await assert.rejects(open(disk), /applied 1, but the log begins after 2/);
});

test('a founder can begin with the rows of a backup', async () => {
  const source = await leaderSnapshot(50, 2);
  const disk = new FaultyDisk(Math.random);
  const { disk: mounted } = disk.boot();
  const chunks: Buffer[] = [];
  for await (const chunk of source.chunks(0)) chunks.push(chunk);
  const file = await mounted.open('/data/backup', 'create');
  await file.write(chunks, 0);
  const folder = await openDataFolder(optionsOn(mounted));
  await folder.acceptFounding({ ...FOUNDING, snapshotPath: '/data/backup' }, 1);
  assert.deepEqual(folder.restored.base, { index: 1, term: 1 });
  const row = await folder.engine!.get(Buffer.from('x'));
  assert.equal(row?.toString(), 'state at 1', 'rows of the backup, then those of the founding');
  await assert.rejects(folder.acceptFounding(FOUNDING, 1), GrantConflict);
  await folder.close();
});
