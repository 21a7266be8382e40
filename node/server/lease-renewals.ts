/** Keep-alives on their way to another member, which leads: all that arrive in one turn are one question. */
import type { LeaseId } from '../store/types.ts';
import type { Clock } from './clock.ts';
import { type LeaseBody, type LeasesBody, leaseNotFound, type RenewedLeases } from './leader-calls.ts';
import { RequestError } from './types.ts';

type AskLeader = (method: string, body: LeaseBody | LeasesBody, timeoutMs: number) => Promise<unknown>;

type Waiting = {
  readonly lease: LeaseId;
  readonly timeoutMs: number;
  readonly resolve: (renewed: { readonly ttlSeconds: number }) => void;
  readonly reject: (error: unknown) => void;
};

export class LeaseRenewals {
  readonly #clock: Clock;
  readonly #askLeader: AskLeader;
  #arrived: Waiting[] = [];

  constructor(clock: Clock, askLeader: AskLeader) {
    this.#clock = clock;
    this.#askLeader = askLeader;
  }

  renew(lease: LeaseId, timeoutMs: number): Promise<{ readonly ttlSeconds: number }> {
    return new Promise((resolve, reject) => {
      this.#arrived.push({ lease, timeoutMs, resolve, reject });
      if (this.#arrived.length === 1) this.#clock.soon(this.#send);
    });
  }

  readonly #send = (): void => {
    const arrived = this.#arrived;
    this.#arrived = [];
    // One question per timeout, so that nobody waits longer than asked to. Most callers have the same timeout.
    const [{ timeoutMs }] = arrived as [Waiting];
    if (arrived.every((waiting) => waiting.timeoutMs === timeoutMs)) return void this.#ask(arrived, timeoutMs);
    for (const [sharedMs, waiting] of Map.groupBy(arrived, (one) => one.timeoutMs)) void this.#ask(waiting, sharedMs);
  };

  async #ask(waiting: readonly Waiting[], timeoutMs: number): Promise<void> {
    try {
      const leases = waiting.map(({ lease }) => lease.toString());
      const renewed = (await this.#askLeader('keepAlives', { leases }, timeoutMs)) as RenewedLeases;
      waiting.forEach(({ lease, resolve, reject }, n) => {
        const ttlSeconds = renewed[n] ?? null;
        if (ttlSeconds === null) reject(leaseNotFound(lease));
        else resolve({ ttlSeconds });
      });
    } catch (error) {
      if (isUnknownCall(error)) this.#askOneByOne(waiting);
      else for (const { reject } of waiting) reject(error);
    }
  }

  /** A leader of an older version, in the middle of an upgrade. */
  #askOneByOne(waiting: readonly Waiting[]): void {
    for (const { lease, timeoutMs, resolve, reject } of waiting) {
      const answer = this.#askLeader('keepAlive', { lease: lease.toString() }, timeoutMs);
      answer.then((renewed) => resolve(renewed as { ttlSeconds: number }), reject);
    }
  }
}

function isUnknownCall(error: unknown): boolean {
  return error instanceof RequestError && error.code === 'invalid_request';
}
