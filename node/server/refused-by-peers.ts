/**
 * When a member believes peers that refuse it. One peer's word is not enough, even about our own removal: while others
 * still need our vote to commit that removal, or to learn that it is committed, leaving would stop them for ever. So it
 * counts when nobody wants us any more.
 */
import type { ParkedReason } from '../../client/types.ts';
import type { RefusedHandshake } from '../transport/types.ts';
import type { Clock } from './clock.ts';

export type RefusedByPeersDependencies = {
  readonly clock: Clock;
  readonly electionTimeoutMs: number;
  /** True when no peer is connected, and no leader has been known for so long. */
  readonly isAlone: (forMs: number) => boolean;
  readonly leave: (reason: ParkedReason, message: string) => void;
};

const REASONS: Partial<Record<RefusedHandshake['code'], ParkedReason>> = {
  Removed: 'Removed',
  ClusterIdMismatch: 'ForeignCluster',
  IncarnationMismatch: 'NotAMember',
};

/** Peers are believed to be right when no leader has been known for this many. */
const ELECTION_TIMEOUTS = 3;

export class RefusedByPeers {
  readonly #with: RefusedByPeersDependencies;
  /** The refusal that may turn out to be right. */
  #refusal: RefusedHandshake | null = null;

  constructor(dependencies: RefusedByPeersDependencies) {
    this.#with = dependencies;
  }

  refused(refusal: RefusedHandshake): void {
    const reason = REASONS[refusal.code] ?? null;
    if (reason === null || this.#refusal !== null) return;
    this.#refusal = refusal;
    const { clock, electionTimeoutMs, isAlone, leave } = this.#with;
    const limitMs = ELECTION_TIMEOUTS * electionTimeoutMs;
    clock.after(limitMs, () => {
      if (this.#refusal !== refusal) return;
      this.#refusal = null;
      if (isAlone(limitMs)) leave(reason, refusal.message);
    });
  }

  /** Whatever was said before: there is a cluster that this member belongs to. */
  leaderKnown(): void {
    this.#refusal = null;
  }
}
