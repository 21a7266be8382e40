/**
 * One operator acts at a time: the holder of a Lease. As client-go's leaderelection, with one time more, until which
 * leadership is certain.
 *
 * Only durations on one's own monotonic clock count, never the times in the Lease: a challenger waits for the whole
 * lease duration after it last saw the Lease change, and the holder counts from before it sent its last renewal, for
 * only as long as the renew deadline. What lies between the two is for writes that are on their way when it ends.
 */
import { microTime, pause } from './clock.ts';
import { isKubeError, isOldView, type KubeError } from './errors.ts';
import { type Lease, leaseKind } from './kinds.ts';
import type { Clock, KubeApi, Leadership, ObjectName, Random, Stored, Timer } from './types.ts';

export interface LeaderElectionTimes {
  /** How long a challenger waits after the holder's last sign of life. Whole seconds. */
  readonly leaseDurationMs: number;
  /** How long a leader that cannot renew goes on; it must be shorter than the lease. */
  readonly renewDeadlineMs: number;
  /** The time between two tries; it must be much shorter than both. */
  readonly retryPeriodMs: number;
}

/** The times that client-go uses. */
export const defaultLeaderElectionTimes: LeaderElectionTimes = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2000,
};

export interface LeaderElectionOptions {
  /** An API client of its own, since renewals must not wait behind the throttled requests of a pass. */
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly lease: ObjectName;
  /** Another one for each process, as pod name and a random part: a restarted pod is not who it was. */
  readonly identity: string;
  readonly times?: LeaderElectionTimes;
  readonly onStarted: () => void;
  /** Leadership is over: end the process, nothing of it may go on. Not called by `release`. */
  readonly onLost: (why: string) => void;
  readonly observer?: LeaderElectionObserver;
}

export interface LeaderElectionObserver {
  /** Called when a try has failed; there will be others. */
  failed(error: KubeError): void;
  /** Called when another one holds the Lease; null when nobody does. */
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
  /** The Lease as it was when it last changed, and when this process saw that. */
  #seen: Seen | null = null;
  #holder: string | null = null;

  /** Begins at once to try for the lease. */
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
    // The clock, too: the timer may be late in a process that was stopped and goes on.
    return this.#state === 'Leader' && this.#options.clock.nowMs() < this.#validUntilMs;
  }

  get validUntilMs(): number {
    return this.#state === 'Leader' ? this.#validUntilMs : Number.NEGATIVE_INFINITY;
  }

  /** Who held the Lease when it was last seen; null when nobody did. */
  get holder(): string | null {
    return this.#holder;
  }

  /**
   * Ends it, and hands the Lease back if it is held, so that the next one need not wait. Only when nothing acts any
   * more: first shut down the work queue.
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
      // It is read anew, since the renewal that was just given up may have happened.
      const found = await api.get(leaseKind, lease, { deadlineMs });
      if (found === null || this.#isHeldByAnother(found)) return;
      const { uid, resourceVersion } = found.metadata;
      const spec = { ...this.#spec(found), holderIdentity: '', leaseDurationSeconds: 1 };
      await api.patch(leaseKind, lease, { spec }, { uid, resourceVersion, deadlineMs });
      this.#noteHolder(null);
    } catch (error) {
      // A lease that cannot be given back runs out by itself.
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
      // Candidates spread, as client-go does it; a leader keeps its pace.
      const delayMs = this.#state === 'Leader' ? retryPeriodMs : retryPeriodMs * (1 + 1.2 * random());
      await pause(clock, delayMs, signal);
    }
  }

  async #acquireOrRenew(): Promise<void> {
    const { clock } = this.#options;
    if (this.#state === 'Leader') {
      // Its last known version is good enough: the write checks it.
      const sentMs = clock.nowMs();
      try {
        await this.#take(this.#seen?.lease ?? null);
        this.#won(sentMs);
        return;
      } catch (error) {
        // Somebody else changed it, or an earlier renewal did happen whose answer was lost.
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

  /** Whether the other one that holds it gave no sign of life for as long as it said it would. */
  #hasRunOut(): boolean {
    const { lease, atMs } = this.#seen!;
    const durationMs = (lease.spec?.leaseDurationSeconds ?? this.#times.leaseDurationMs / 1000) * 1000;
    return this.#options.clock.nowMs() >= atMs + durationMs;
  }

  #won(sentMs: number): void {
    const { clock, identity, onStarted } = this.#options;
    // When the election has ended meanwhile, the lease may be ours for the API server, but not here any more.
    if (this.#state === 'Over') return;
    const untilMs = sentMs + this.#times.renewDeadlineMs;
    // The answer may be later than what it grants.
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

  /** Two tries fit into the renew deadline, also when the first runs into a dead connection. */
  get #limits(): { deadlineMs: number; signal: AbortSignal } {
    const { renewDeadlineMs, retryPeriodMs } = this.#times;
    return { deadlineMs: (renewDeadlineMs - retryPeriodMs) / 2, signal: this.#stopping.signal };
  }
}
