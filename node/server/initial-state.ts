/** What a data folder asks about the state that it keeps: storage holds the rows, the store knows what they mean. */
import { type Entry, EntryKind } from '../raft/types.ts';
import type { StateOrigin } from '../storage/data-folder.ts';
import type { FoundingRecord, LogPosition } from '../storage/types.ts';
import { decodeProposal } from '../store/codec.ts';
import type { Engine, EngineReader } from '../store/engine.ts';
import { foundingRows, recoveryOperations, restoredRows } from '../store/initial-state.ts';
import { readMeta } from '../store/meta.ts';
import { Store } from '../store/store.ts';
import type { Membership } from '../store/types.ts';
import { FORMAT } from './format.ts';

const TAIL_BATCH_ENTRIES = 1000;

/** Turns the rows that the engine already has, none for a new cluster, into the state that a cluster begins with. */
export async function initializeState(engine: Engine, origin: StateOrigin): Promise<void> {
  if (origin.kind === 'Recovery') {
    const { clusterId } = origin.record;
    await applyTail(engine, origin.tail);
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

/** Changes of membership in it come out void: the new cluster has one member, whatever the old one was about to have. */
async function applyTail(engine: Engine, tail: readonly Entry[]): Promise<void> {
  const store = await Store.open(engine, { maxQueuedBytesPerWatch: 0 }); // nobody watches it
  for (let from = 0; from < tail.length; from += TAIL_BATCH_ENTRIES) {
    const batch = tail.slice(from, from + TAIL_BATCH_ENTRIES);
    await store.apply(
      batch.map(({ index, term, kind, data }) => {
        const isVoid = kind === EntryKind.Configuration || data.length === 0;
        return { index, term, isConfiguration: false, proposal: isVoid ? null : decodeProposal(data) };
      }),
    );
  }
  await store.writeOut();
  store.close();
}

function foundingMembership({ founders }: FoundingRecord): Membership {
  const members = [...founders].sort((a, b) => a.id - b.id);
  const ids = members.map(({ id }) => id);
  return { configIndex: 1, lastMemberId: Math.max(...ids), members, voters: ids, leaving: null };
}
