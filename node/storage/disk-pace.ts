/**
 * Whether small writes are made and synced on the main thread. To hand one to another thread and to be woken by its answer
 * costs more than a fast disk takes; a slow disk must not hold up heartbeats. So the disk is trusted until it takes long,
 * and then asked again ever more seldom for as long as it is slow: a stall is felt once.
 */

/** A small part of the time between two heartbeats. */
const FAST_MS = 2;
/** What another thread costs a write, about. One that has held the main thread up stays away until it has paid that back. */
const HANDOVER_MS = 0.05;
const FIRST_AWAY = 128;
const MAX_AWAY = 16_384;

export class DiskPace {
  #away = 0;
  #nextAway = FIRST_AWAY;

  /** Asked once for each write. */
  takesNextHere(): boolean {
    if (this.#away === 0) return true;
    this.#away -= 1;
    return false;
  }

  /** How long a write and its sync have held up the main thread. */
  tookHere(ms: number): void {
    if (ms <= FAST_MS) {
      this.#nextAway = Math.max(FIRST_AWAY, this.#nextAway / 2);
    } else {
      this.#away = Math.max(this.#nextAway, Math.ceil(ms / HANDOVER_MS));
      this.#nextAway = Math.min(MAX_AWAY, this.#nextAway * 2);
    }
  }
}
