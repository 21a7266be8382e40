/**
 * Leader election: only the operator that holds a Lease acts. It follows client-go's leaderelection, and also tells
 * until when leadership is certain (`validUntilMs`).
 *
 * Each process measures durations on its own monotonic clock and ignores the times in the Lease, so clocks that differ
 * do no harm. A candidate waits for the whole lease duration after it last saw the Lease change. The leader counts from
 * just before it sent its last renewal, and only for the shorter renew deadline. The difference between the two leaves
 * time for writes that are still under way when leadership ends.
 */
import { microTime, pause } from './clock.ts';
import { isKubeError, isOldView, type KubeError } from './errors.ts';
import { type Lease, leaseKind } from './kinds.ts';
import type { Clock, KubeApi, Leadership, ObjectName, Random, Stored, Timer } from './types.ts';

export interface LeaderElectionTimes {
  /** How long a candidate waits after it last saw the holder renew the Lease. A multiple of 1000. */
  readonly leaseDurationMs: number;
  /** How long a leader that cannot renew stays leader. Must be shorter than the lease duration. */
  readonly renewDeadlineMs: number;
  /** The time between two tries to acquire or renew. Must be less than half of the renew deadline. */
  readonly retryPeriodMs: number;
}

/** The defaults of client-go's users, such as kube-controller-manager. */
export const defaultLeaderElectionTimes: LeaderElectionTimes = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2000,
};

export interface LeaderElectionOptions {
  /** A separate client, since renewals must not wait behind throttled requests of the operator's passes. */
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly lease: ObjectName;
  /**
   * Unique to this process, for example pod name and a random part: a restarted process must not pass for the old one.
   */
  readonly identity: string;
  readonly times?: LeaderElectionTimes;
  readonly onStarted: () => void;
  /**
   * Called when leadership is lost: end the process at once, since another operator may already act. Not for `release`.
   */
  readonly onLost: (why: string) => void;
  readonly observer?: LeaderElectionObserver;
}

export interface LeaderElectionObserver {
  /** Called when a try to acquire or renew has failed; it will be retried. */
  failed(error: KubeError): void;
  /** Called when the holder of the Lease changes; null if nobody holds it. */
  holderChanged(holder: string | null): void;
}

type Seen = { readonly lease: Stored<Lease>; readonly atMs: number };
type State = 'Candidate' | 'Leader' | 'Over';

export class LeaderElection implements Leadership {
  readonly #options: LeaderElectionOptions;
  readonly #times: LeaderElectionTimes;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #state: State = 'Candidate';
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #expiry: Timer | null = null;
  /** The latest version of the Lease, and the monotonic time at which this process first saw that version. */
  #seen: Seen | null = null;
  #holder: string | null = null;

  /** Starts at once to compete for the Lease. Throws RangeError if the times contradict each other. */
  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#times = options.times ?? defaultLeaderElectionTimes;
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#times;
    if (!(leaseDurationMs > renewDeadlineMs && renewDeadlineMs > 2 * retryPeriodMs && retryPeriodMs > 0)) {
      throw new RangeError('leader election: lease duration > renew deadline > 2 retry periods > 0 must hold');
    }
    if (leaseDurationMs % 1000 !== 0) throw new RangeError('leader election: the lease duration is in whole seconds');
    this.#running = this.#run();
  }

  get isLeader(): boolean {
    // Checks the clock as well: after a process was suspended, the expiry timer may not have fired yet.
    return this.#state === 'Leader' && this.#options.clock.nowMs() < this.#validUntilMs;
  }

  get validUntilMs(): number {
    return this.#state === 'Leader' ? this.#validUntilMs : Number.NEGATIVE_INFINITY;
  }

  /** The holder when the Lease was last read or written; null if nobody held it. */
  get holder(): string | null {
    return this.#holder;
  }

  /**
   * Stops the election. A leader also gives up the Lease, so that the next leader need not wait for it to expire. Shut
   * down the work queue first: after this call, another operator may act at any moment.
   */
  async release(): Promise<void> {
    const held = this.#state === 'Leader';
    this.#end();
    this.#stopping.abort();
    await this.#running;
    if (!held) return;
    const { api, lease } = this.#options;
    const deadlineMs = this.#times.retryPeriodMs;
    try {
      // Read the Lease again, since the renewal that was just aborted may have been carried out.
      const found = await api.get(leaseKind, lease, { deadlineMs });
      if (found === null || this.#isHeldByAnother(found)) return;
      const { uid, resourceVersion } = found.metadata;
      const spec = { ...this.#spec(found), holderIdentity: '', leaseDurationSeconds: 1 };
      await api.patch(leaseKind, lease, { spec }, { uid, resourceVersion, deadlineMs });
      this.#noteHolder(null);
    } catch (error) {
      // A Lease that cannot be given up simply expires.
      if (!isKubeError(error)) throw error;
      this.#options.observer?.failed(error);
    }
  }

  async #run(): Promise<void> {
    const { clock, random, observer } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#acquireOrRenew();
      } catch (error) {
        if (!isKubeError(error)) throw error;
        if (!signal.aborted) observer?.failed(error);
      }
      const { retryPeriodMs } = this.#times;
      // As in client-go, candidates wait a random extra time so that they do not all try at once; a leader does not.
      const delayMs = this.#state === 'Leader' ? retryPeriodMs : retryPeriodMs * (1 + 1.2 * random());
      await pause(clock, delayMs, signal);
    }
  }

  async #acquireOrRenew(): Promise<void> {
    const { clock } = this.#options;
    if (this.#state === 'Leader') {
      // No read is needed: the resourceVersion makes the write fail if anybody else has changed the Lease.
      const sentMs = clock.nowMs();
      try {
        await this.#take(this.#seen?.lease ?? null);
        this.#won(sentMs);
        return;
      } catch (error) {
        // Somebody else changed the Lease, or an earlier renewal succeeded and only its answer was lost.
        if (!isOldView(error)) throw error;
      }
    }
    const found = await this.#read();
    if (this.#isHeldByAnother(found)) {
      if (this.#state === 'Leader') this.#lose(`${this.#holder} holds the lease`);
      if (this.#state === 'Over' || !this.#hasRunOut()) return;
    }
    const sentMs = clock.nowMs();
    await this.#take(found);
    this.#won(sentMs);
  }

  async #take(known: Stored<Lease> | null): Promise<void> {
    const { api, lease } = this.#options;
    const spec = this.#spec(known);
    if (known === null) {
      this.#note(await api.create(leaseKind, { metadata: { ...lease }, spec }, this.#limits));
      return;
    }
    const { uid, resourceVersion } = known.metadata;
    this.#note(await api.patch(leaseKind, lease, { spec }, { uid, resourceVersion, ...this.#limits }));
  }

  async #read(): Promise<Stored<Lease> | null> {
    const { api, lease } = this.#options;
    const found = await api.get(leaseKind, lease, this.#limits);
    if (found === null) this.#seen = null;
    else this.#note(found);
    this.#noteHolder(found?.spec?.holderIdentity || null);
    return found;
  }

  #spec(known: Stored<Lease> | null): NonNullable<Lease['spec']> {
    const { clock, identity } = this.#options;
    const now = microTime(clock.wallMs());
    const isOurs = known?.spec?.holderIdentity === identity;
    const transitions = known?.spec?.leaseTransitions ?? 0;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: this.#times.leaseDurationMs / 1000,
      acquireTime: isOurs ? (known.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: isOurs || known === null ? transitions : transitions + 1,
    };
  }

  #isHeldByAnother(lease: Stored<Lease> | null): boolean {
    const holder = lease?.spec?.holderIdentity || null;
    return holder !== null && holder !== this.#options.identity;
  }

  #note(lease: Stored<Lease>): void {
    if (this.#seen?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    this.#seen = { lease, atMs: this.#options.clock.nowMs() };
  }

  #noteHolder(holder: string | null): void {
    if (holder === this.#holder) return;
    this.#holder = holder;
    this.#options.observer?.holderChanged(holder);
  }

  /** Whether the holder has not changed the Lease for the lease duration that it wrote into the Lease. */
  #hasRunOut(): boolean {
    const { lease, atMs } = this.#seen!;
    const durationMs = (lease.spec?.leaseDurationSeconds ?? this.#times.leaseDurationMs / 1000) * 1000;
    return this.#options.clock.nowMs() >= atMs + durationMs;
  }

  #won(sentMs: number): void {
    const { clock, identity, onStarted } = this.#options;
    // The election ended while the write was under way: we may hold the Lease, but must not act as leader.
    if (this.#state === 'Over') return;
    const untilMs = sentMs + this.#times.renewDeadlineMs;
    // The answer may arrive after the leadership that it grants has already ended.
    if (clock.nowMs() >= untilMs) {
      if (this.#state === 'Leader') this.#lose('the answer to the last renewal came too late');
      return;
    }
    this.#validUntilMs = untilMs;
    this.#expiry?.cancel();
    this.#expiry = clock.after(untilMs - clock.nowMs(), () => {
      this.#lose(`the lease could not be renewed for ${this.#times.renewDeadlineMs / 1000} s`);
    });
    this.#noteHolder(identity);
    if (this.#state === 'Leader') return;
    this.#state = 'Leader';
    onStarted();
  }

  #lose(why: string): void {
    if (this.#state !== 'Leader') return;
    this.#end();
    this.#stopping.abort();
    this.#options.onLost(why);
  }

  #end(): void {
    this.#state = 'Over';
    this.#expiry?.cancel();
    this.#expiry = null;
  }

  /**
   * Limits each request so that two tries fit into the renew deadline, even if the first hangs on a dead connection.
   */
  get #limits(): { deadlineMs: number; signal: AbortSignal } {
    const { renewDeadlineMs, retryPeriodMs } = this.#times;
    return { deadlineMs: (renewDeadlineMs - retryPeriodMs) / 2, signal: this.#stopping.signal };
  }
}
