/** A lease that renews itself for as long as its holder wants it. */
import type { CallOptions } from './caller.ts';
import { QuorateError } from './errors.ts';
import { isPassing } from './retry.ts';
import { waitMs } from './wait.ts';

type Leases = {
  keepAlive(id: string, options?: CallOptions): Promise<{ ttlSeconds: number }>;
  revokeLease(id: string, options?: CallOptions): Promise<unknown>;
};

export class HeldLease {
  readonly id: string;
  readonly ttlSeconds: number;
  readonly #leases: Leases;
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #renewing: Promise<void>;

  /** @param sentAtMs `performance.now()` before the grant was asked for: from then on the lease may be running out */
  constructor(leases: Leases, id: string, ttlSeconds: number, sentAtMs: number) {
    this.#leases = leases;
    this.id = id;
    this.ttlSeconds = ttlSeconds;
    this.#renewing = this.#renew(sentAtMs + ttlSeconds * 1000);
  }

  /**
   * Aborted when the lease is gone, or could be: it was not renewed in time as this process counts it, from before each
   * request was sent. Stop what the lease covers then. Its reason is a `QuorateError` of code `lease_lost`.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Stops renewing and revokes: the keys bound to it are deleted now, not when it runs out. */
  async release(options: CallOptions = {}): Promise<void> {
    this.#released.abort();
    await this.#renewing;
    try {
      await this.#leases.revokeLease(this.id, options);
    } catch (error) {
      if (!(error instanceof QuorateError) || error.code !== 'lease_not_found') throw error;
    }
  }

  async #renew(firstExpiryMs: number): Promise<void> {
    const signal = this.#released.signal;
    const everyMs = (this.ttlSeconds * 1000) / 3;
    try {
      for (let expiryMs = firstExpiryMs; ; ) {
        await waitMs(Math.max(0, Math.min(everyMs, expiryMs - performance.now())), signal);
        const sentAtMs = performance.now();
        if (sentAtMs >= expiryMs) throw new QuorateError('lease_lost', `lease ${this.id} was not renewed in time`);
        expiryMs = (await this.#renewOnce(expiryMs - sentAtMs, signal)) ? sentAtMs + this.ttlSeconds * 1000 : expiryMs;
      }
    } catch (error) {
      if (!signal.aborted) this.#lost.abort(error);
    }
  }

  /** False when no member could say. */
  async #renewOnce(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#leases.keepAlive(this.id, { signal, timeoutMs });
      return true;
    } catch (error) {
      if (error instanceof QuorateError && isPassing(error)) return false;
      if (error instanceof QuorateError)
        throw new QuorateError('lease_lost', `lease ${this.id}: ${error.message}`, { cause: error });
      throw error;
    }
  }
}
