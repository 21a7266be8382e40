/**
 * Whether small writes are synced on the main thread. To hand one to another thread and to be woken by its answer costs
 * more than a fast disk takes; a slow disk must not hold up heartbeats. So the disk is trusted until a sync takes long,
 * and then asked again ever more seldom for as long as it is slow: a stall is felt once.
 */

/** Of the time between two heartbeats a small part. */
const FAST_MS = 2;
const FIRST_AWAY = 128;
const MAX_AWAY = 16_384;

export class DiskPace {
  #away = 0;
  #nextAway = FIRST_AWAY;

  /** Asked once for each sync. */
  takesNextHere(): boolean {
    if (this.#away === 0) return true;
    this.#away -= 1;
    return false;
  }

  /** How long a sync on the main thread took. */
  tookHere(ms: number): void {
    if (ms <= FAST_MS) {
      this.#nextAway = Math.max(FIRST_AWAY, this.#nextAway / 2);
    } else {
      this.#away = this.#nextAway;
      this.#nextAway = Math.min(MAX_AWAY, this.#nextAway * 2);
    }
  }
}
