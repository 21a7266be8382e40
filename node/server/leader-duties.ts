/**
 * What only the leader does beside replicating: count leases down, compact old history, compare what members hold, raise the format. Made when a leader
 * has applied an entry of its own term, so that it knows all that its predecessors decided; dropped with its leadership.
 */
import type { MemberId } from '../raft/types.ts';
import type { Store } from '../store/store.ts';
import type { Command, CommittedEntry, Membership, Result } from '../store/types.ts';
import type { Clock } from './clock.ts';
import { CorruptionCheck } from './corruption-check.ts';
import { HistoryKeeper } from './history-keeper.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { Observer } from './observer.ts';

export type LeaderDutiesDependencies = {
  readonly store: Store;
  readonly clock: Clock;
  readonly historyRetentionMs: number;
  readonly observer: Observer;
  readonly propose: (command: Command) => Promise<Result>;
  readonly membership: () => Membership;
  readonly hashOf: (member: MemberId, revision: number) => Promise<string>;
  /** The highest format that all members speak, or null while one of them has not said. */
  readonly commonFormat: () => number | null;
};

export class LeaderDuties {
  readonly leases: LeaseKeeper;
  readonly #with: LeaderDutiesDependencies;
  readonly #history: HistoryKeeper;
  readonly #corruption: CorruptionCheck;
  #isProposing = false;

  constructor(dependencies: LeaderDutiesDependencies) {
    this.#with = dependencies;
    this.leases = new LeaseKeeper(dependencies.store.leases(), dependencies.clock, dependencies.propose);
    this.#corruption = new CorruptionCheck(dependencies);
    this.#history = new HistoryKeeper(dependencies.historyRetentionMs);
  }

  applied(entries: readonly CommittedEntry[], results: readonly (Result | null)[]): void {
    for (let i = 0; i < entries.length; i++) {
      const kind = entries[i]?.proposal?.command.kind;
      const result = results[i];
      if (kind === 'LeaseGrant' && result?.kind === 'Lease') {
        const lease = this.#with.store.lease(result.id);
        if (lease !== null) this.leases.granted(lease);
      } else if ((kind === 'LeaseRevoke' || kind === 'LeaseExpire') && result?.kind === 'Leases') {
        for (const id of result.affected) this.leases.gone(id);
      }
    }
  }

  tick(): void {
    const { store, clock } = this.#with;
    const nowMs = clock.nowMs();
    // Refused while a member is marked as corrupt: what is due then ends when the mark is lifted.
    if (store.corrupt.length === 0) this.leases.tick();
    this.#corruption.tick();
    if (this.#isProposing) return;
    const compactAt = this.#history.tick(nowMs, store.revision, store.compactedRevision);
    if (compactAt !== null) return this.#proposeOne({ kind: 'Compact', revision: compactAt });
    const format = this.#with.commonFormat();
    if (format !== null && format > store.format) this.#proposeOne({ kind: 'RaiseFormat', format });
  }

  /** Proposes, and does not look at what comes of it: what is lost is wanted again later. */
  #proposeOne(command: Command): void {
    this.#isProposing = true;
    const done = (): void => {
      this.#isProposing = false;
    };
    this.#with.propose(command).then(done, done);
  }
}
