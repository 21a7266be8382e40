/**
 * A member on its way out says so before it goes: it is no longer ready, so that a Service sends nobody new, and each
 * answer closes its connection, so that those who are there go elsewhere between two requests and lose none.
 */
import type { ApiReadiness } from '../../client/types.ts';

/** The stop follows within seconds or not at all; then every stop waits for the quorum again. */
const STOP_TOGETHER_MS = 60_000;

export class Drain {
  #asked = 0;
  #togetherUntilMs = Number.NEGATIVE_INFINITY;

  get isOn(): boolean {
    return this.#asked > 0;
  }

  /** All members are stopped, by whoever may administer them: there is no quorum to wait for. */
  get isTogether(): boolean {
    return performance.now() < this.#togetherUntilMs;
  }

  stopTogether(): void {
    this.#togetherUntilMs = performance.now() + STOP_TOGETHER_MS;
  }

  /** Returns how to take it back, for a stop that did not come. */
  begin(): () => void {
    this.#asked += 1;
    let isOver = false;
    return () => {
      if (!isOver) this.#asked -= 1;
      isOver = true;
    };
  }

  readiness(ofMember: ApiReadiness): ApiReadiness {
    if (!this.isOn) return ofMember;
    const stopping = { name: 'stopping', ok: false, message: 'this member is about to stop' };
    return { ready: false, checks: [...ofMember.checks, stopping] };
  }
}
