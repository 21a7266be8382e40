/**
 * The leader's comparison of what members hold: after each compaction it asks all of them for the hash of all keys at the
 * compacted revision, at which every member can still read, however far each has come. Who differs is marked, by an entry.
 */
import type { MemberId } from '../raft/types.ts';
import { isUnclaimed } from '../store/membership.ts';
import type { Store } from '../store/store.ts';
import type { Command, Membership } from '../store/types.ts';
import type { Clock } from './clock.ts';
import { differingMembers } from './differing-members.ts';
import { MARKS_FORMAT } from './format.ts';
import type { Observer } from './observer.ts';

export type CorruptionCheckDependencies = {
  readonly store: Pick<Store, 'compactedRevision' | 'format' | 'corrupt'>;
  readonly clock: Clock;
  readonly observer: Observer;
  /** The newest, durable and in use. */
  readonly membership: () => Membership;
  /** The hash of all keys as that member has them at the revision. Rejects when it cannot tell, or not in time. */
  readonly hashOf: (member: MemberId, revision: number) => Promise<string>;
  readonly propose: (command: Command) => Promise<unknown>;
};

/** A hash reads the whole store: at most one part in this many of the time goes into it, however often one compacts. */
const REST_PER_WORK = 10;
/** Someone could not answer: the same revision is asked for again, unless there is a later one by then. */
const RETRY_AFTER_MS = 60_000;

export class CorruptionCheck {
  readonly #with: CorruptionCheckDependencies;
  /** Compacted revision that all members were compared at; what was compacted before this leadership is not. */
  #comparedAt: number;
  #isComparing = false;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(dependencies: CorruptionCheckDependencies) {
    this.#with = dependencies;
    this.#comparedAt = dependencies.store.compactedRevision;
  }

  tick(): void {
    const { store, clock, membership } = this.#with;
    const revision = store.compactedRevision;
    if (this.#isComparing || revision <= this.#comparedAt || clock.nowMs() < this.#notBeforeMs) return;
    if (store.format < MARKS_FORMAT || store.corrupt.length > 0 || membership().leaving !== null) return;
    this.#isComparing = true;
    const startedMs = clock.nowMs();
    const done = (isComplete: boolean): void => {
      this.#isComparing = false;
      if (isComplete) this.#comparedAt = revision;
      const nowMs = clock.nowMs();
      this.#notBeforeMs = nowMs + Math.max(REST_PER_WORK * (nowMs - startedMs), isComplete ? 0 : RETRY_AFTER_MS);
    };
    // The mark was not taken, or its fate is unknown: the next comparison says it again.
    this.#compare(revision).then(done, () => done(false));
  }

  /** False when it is not known of all. */
  async #compare(revision: number): Promise<boolean> {
    const { observer, membership, hashOf, propose } = this.#with;
    const ids = membership().members.flatMap((member) => (isUnclaimed(member) ? [] : [member.id]));
    if (ids.length < 2) return true;
    const hashes = new Map<MemberId, string>();
    const ask = async (id: MemberId): Promise<void> => {
      try {
        hashes.set(id, await hashOf(id, revision));
      } catch (error) {
        observer.log('info', 'hash_not_told', { member: id, revision, error: String(error) });
      }
    };
    await Promise.all(ids.map(ask));
    const { voters } = membership();
    const members = differingMembers(hashes, voters);
    if (members.length > 0) {
      observer.log('error', 'members_differ', { revision, members, hashes: Object.fromEntries(hashes) });
      await propose({ kind: 'MarkCorrupt', members, isCorrupt: true });
    }
    return hashes.size === ids.length;
  }
}
