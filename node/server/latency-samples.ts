/** Times one batch at a time on its way to a quorum and to each peer: enough for a histogram, free of per-entry cost. */
import type { Entry, MemberId } from '../raft/types.ts';
import type { Clock } from './clock.ts';
import type { Observer } from './observer.ts';

type Sample = { readonly index: number; readonly startedMs: number };

export class LatencySamples {
  readonly #clock: Clock;
  readonly #observer: Observer;
  #quorum: Sample | null = null;
  readonly #peers = new Map<MemberId, Sample>();

  constructor(clock: Clock, observer: Observer) {
    this.#clock = clock;
    this.#observer = observer;
  }

  sent(peer: MemberId, entries: readonly Entry[]): void {
    if (this.#quorum !== null && this.#peers.has(peer)) return;
    const sample = { index: entries.at(-1)?.index as number, startedMs: this.#clock.nowMs() };
    this.#quorum ??= sample;
    if (!this.#peers.has(peer)) this.#peers.set(peer, sample);
  }

  acknowledged(peer: MemberId, index: number): void {
    const sample = this.#peers.get(peer);
    if (sample === undefined || index < sample.index) return;
    this.#peers.delete(peer);
    this.#observer.replicated((this.#clock.nowMs() - sample.startedMs) / 1000);
  }

  committed(index: number): void {
    if (this.#quorum === null || index < this.#quorum.index) return;
    this.#observer.quorumReached((this.#clock.nowMs() - this.#quorum.startedMs) / 1000);
    this.#quorum = null;
  }

  reset(): void {
    this.#quorum = null;
    this.#peers.clear();
  }
}
