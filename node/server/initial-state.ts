/** What a data folder asks about the state that it keeps: storage holds the rows, the store knows what they mean. */
import type { StateOrigin } from '../storage/data-folder.ts';
import type { FoundingRecord, LogPosition } from '../storage/types.ts';
import type { Engine, EngineReader } from '../store/engine.ts';
import { foundingRows, recoveryOperations, restoredRows } from '../store/initial-state.ts';
import { readMeta } from '../store/meta.ts';
import type { Membership } from '../store/types.ts';
import { FORMAT } from './format.ts';

/** Turns the rows that the engine already has, none for a new cluster, into the state that a cluster begins with. */
export async function initializeState(engine: Engine, origin: StateOrigin): Promise<void> {
  if (origin.kind === 'Recovery') {
    const { clusterId } = origin.record;
    await engine.write(await recoveryOperations(engine, { clusterId, survivorId: origin.memberId }));
    return;
  }
  const { record } = origin;
  const membership = foundingMembership(record);
  const { clusterId } = record;
  if (record.snapshotPath !== null) await engine.write(await restoredRows(engine, { clusterId, membership }));
  else await engine.write(foundingRows({ clusterId, membership, format: FORMAT }));
}

export async function describeState(reader: EngineReader): Promise<LogPosition & { readonly membership: Membership }> {
  const { applied, cluster } = await readMeta(reader);
  return { index: applied.index, term: applied.term, membership: cluster.membership };
}

function foundingMembership({ founders }: FoundingRecord): Membership {
  const members = [...founders].sort((a, b) => a.id - b.id);
  const ids = members.map(({ id }) => id);
  return { configIndex: 1, lastMemberId: Math.max(...ids), members, voters: ids, leaving: null };
}
