/**
 * What the API server refuses to write, by RaftCluster, and when to ask again: less and less often, so that neither an
 * admission webhook nor the events hear of it at every pass. It is kept in memory alone: another operator asks once itself.
 */

import { contentOf, objectOf, type Upkeep } from './act/upkeep.ts';
import type { RefusedWrite } from './api/refused-write.ts';
import { type Backoff, backoffMs } from './kube/backoff.ts';
import type { Random } from './kube/types.ts';

const backoff: Backoff = { firstMs: 5000, mostMs: 60_000 };

type Refusal = {
  readonly write: RefusedWrite;
  /** What the refusal was about: when the operator wants something else, that may be allowed. */
  readonly content: string;
  readonly times: number;
  readonly untilMs: number;
};

export class Refusals {
  readonly #random: Random;
  /** Refusals by RaftCluster, then by object. */
  readonly #refusals = new Map<string, Map<string, Refusal>>();

  constructor(random: Random) {
    this.#random = random;
  }

  of(cluster: string): readonly RefusedWrite[] {
    return [...(this.#refusals.get(cluster)?.values() ?? [])].map(({ write }) => write);
  }

  /** @returns whether it was refused before otherwise, or not at all: then there is something new to decide on */
  note(cluster: string, upkeep: Upkeep, write: RefusedWrite, nowMs: number): boolean {
    const refusals = this.#refusals.get(cluster) ?? new Map<string, Refusal>();
    this.#refusals.set(cluster, refusals);
    const before = refusals.get(keyOf(upkeep));
    const times = (before?.times ?? 0) + 1;
    const untilMs = nowMs + backoffMs(backoff, times, this.#random);
    refusals.set(keyOf(upkeep), { write, content: contentOf(upkeep), times, untilMs });
    return before?.write.words !== write.words;
  }

  /** @returns whether it was refused before */
  written(cluster: string, upkeep: Upkeep): boolean {
    return this.#refusals.get(cluster)?.delete(keyOf(upkeep)) === true;
  }

  /**
   * Forgets what need not be written any more, as when the spec asks for it no more, or asks for something else.
   *
   * @param due all that is not as it shall be
   * @returns whether anything was forgotten
   */
  keepOnly(cluster: string, due: readonly Upkeep[]): boolean {
    const refusals = this.#refusals.get(cluster);
    if (refusals === undefined) return false;
    const contents = new Map(due.map((upkeep) => [keyOf(upkeep), contentOf(upkeep)]));
    const gone = [...refusals].filter(([key, { content }]) => contents.get(key) !== content);
    for (const [key] of gone) refusals.delete(key);
    return gone.length > 0;
  }

  isHeldBack(cluster: string, upkeep: Upkeep, nowMs: number): boolean {
    const refusal = this.#refusals.get(cluster)?.get(keyOf(upkeep));
    return refusal !== undefined && nowMs < refusal.untilMs;
  }

  /** How long until the next object is to be tried again; null when nothing is refused. */
  dueInMs(cluster: string, nowMs: number): number | null {
    const times = [...(this.#refusals.get(cluster)?.values() ?? [])].map(({ untilMs }) => untilMs - nowMs);
    return times.length === 0 ? null : Math.max(0, Math.min(...times));
  }

  forget(cluster: string): void {
    this.#refusals.delete(cluster);
  }
}

function keyOf(upkeep: Upkeep): string {
  const { kind, name } = objectOf(upkeep);
  return `${kind}/${name}`;
}
