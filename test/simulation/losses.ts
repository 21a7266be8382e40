/**
 * Which disks may be lost without losing the cluster. The faults keep to it: a simulator that destroys a quorum finds
 * nothing but its own doing (TigerBeetle's fault atlas).
 */
import type { Cluster } from './cluster.ts';
import type { Machine } from './machine.ts';

export class Losses {
  /** A change of membership is under way, or its outcome is not known. */
  isChanging = false;
  /** A quorum is gone already: what is left must stay. */
  isQuorumLost = false;
  readonly #cluster: Cluster;
  /** Ids whose disk is wiped or damaged. */
  readonly #lost = new Set<number>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  isLost(memberId: number): boolean {
    return this.#lost.has(memberId);
  }

  lose(memberId: number): void {
    this.#lost.add(memberId);
  }

  /** Another cluster begins, with one member. */
  forget(): void {
    this.#lost.clear();
    this.isChanging = false;
    this.isQuorumLost = false;
  }

  /** The disk of this machine may go for good now. */
  mayLose(machine: Machine): boolean {
    const id = machine.lastMemberId;
    const membership = this.#cluster.newestMembership();
    if (this.isQuorumLost || machine.isLeftOver) return false;
    if (this.isChanging || membership === null || membership.leaving !== null || id === null) return false;
    if (machine.member?.phase.state !== 'Member') return false;
    const { voters } = membership;
    if (!voters.includes(id)) return true;
    return voters.length >= 3 && !voters.some((voter) => this.#lost.has(voter));
  }
}
