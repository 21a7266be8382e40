/**
 * What only the leader answers, for itself and for members that ask it (calls.ts): keep-alives, the time that is left of a
 * lease, changes of membership, the transfer of leadership.
 */
import { NO_MEMBER } from '../raft/types.ts';
import type { Store } from '../store/store.ts';
import type { LeaseId, Membership, MembershipChange } from '../store/types.ts';
import type { CallHandler } from './calls.ts';
import type { Clock } from './clock.ts';
import type { Conditions } from './conditions.ts';
import type { LeaderDuties } from './leader-duties.ts';
import { objectionTo } from './membership-guard.ts';
import type { Observer } from './observer.ts';
import type { Replica } from './replica.ts';
import { refusalOf } from './store-errors.ts';
import { mostCaughtUpVoter } from './successor.ts';
import { RequestError } from './types.ts';

export type LeaderCallsDependencies = {
  /** @throws RequestError while this member serves nothing */
  readonly serving: () => Replica;
  readonly conditions: Conditions;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly electionTimeoutMs: number;
};

export type ChangeBody = {
  readonly change: MembershipChange;
  readonly expectedConfigIndex: number | null;
  readonly timeoutMs: number;
};
export type TransferBody = { readonly to: number | null; readonly timeoutMs: number };
/** Lease ids travel as decimal text: JSON has no room for an int64. */
export type LeaseBody = { readonly lease: string };
export type LeasesBody = { readonly leases: readonly string[] };
/** Each one's seconds, in the order of the question; null for a lease that is gone. */
export type RenewedLeases = readonly (number | null)[];

/** A leader, as it was when a quorum still followed it. */
type Confirmed = { readonly store: Store; readonly duties: LeaderDuties };

export class LeaderCalls {
  readonly #with: LeaderCallsDependencies;
  /** What answers each call, by the method's name. */
  readonly handlers: Readonly<Record<string, CallHandler>> = {
    keepAlive: (body) => this.keepAlive(BigInt((body as LeaseBody).lease)),
    keepAlives: (body) => this.#keepAlives(body as LeasesBody),
    leaseRemaining: (body) => this.#leaseRemaining(body as LeaseBody),
    changeMembership: (body) => this.#changeMembership(body as ChangeBody),
    transferLeader: (body) => this.#transferLeader(body as TransferBody),
    membersWithoutSpace: async () => this.#with.serving().membersWithoutSpace(),
  };

  constructor(dependencies: LeaderCallsDependencies) {
    this.#with = dependencies;
  }

  async keepAlive(id: LeaseId): Promise<{ readonly ttlSeconds: number }> {
    const ttlSeconds = await renew(await this.#confirmed(), id);
    if (ttlSeconds === null) throw leaseNotFound(id);
    return { ttlSeconds };
  }

  async #keepAlives({ leases }: LeasesBody): Promise<RenewedLeases> {
    const confirmed = await this.#confirmed();
    return Promise.all(leases.map((id) => renew(confirmed, BigInt(id))));
  }

  async #leaseRemaining(body: LeaseBody): Promise<unknown> {
    const id = BigInt(body.lease);
    const { store, duties } = await this.#confirmed();
    if (store.lease(id) === null) throw leaseNotFound(id);
    return { remainingMs: duties.leases.remainingMs(id) };
  }

  /** Only a leader that a quorum still follows, and that knows all that its predecessors decided, may speak of a lease. */
  async #confirmed(): Promise<Confirmed> {
    const { serving, conditions, electionTimeoutMs } = this.#with;
    const replica = serving();
    await replica.readBarrier({ timeoutMs: electionTimeoutMs, mayForward: false });
    if (replica.duties === null) {
      await conditions.until(() => replica.duties !== null || !replica.isLeader, electionTimeoutMs);
    }
    const { duties } = replica;
    if (duties === null) throw replica.notLeader();
    return { store: replica.servingStore(), duties };
  }

  async #transferLeader(body: TransferBody): Promise<number> {
    const replica = this.#with.serving();
    if (!replica.isLeader) throw replica.notLeader();
    const to = body.to ?? mostCaughtUpVoter(replica.raftStatus());
    if (to === replica.id) return to;
    if (to === NO_MEMBER || !replica.transferLeadership(to)) {
      const why =
        body.to === null ? 'no other voter can be reached' : `member ${to} is not a voter that can be reached`;
      throw new RequestError('transfer_failed', `leadership stays with member ${replica.id}: ${why}`);
    }
    const { term } = replica;
    await this.#with.conditions.until(
      () =>
        replica.isLeader
          ? replica.raftStatus().transferee === NO_MEMBER
          : replica.leader !== NO_MEMBER && replica.term > term,
      body.timeoutMs,
    );
    if (replica.leader !== NO_MEMBER && replica.leader !== replica.id) return replica.leader;
    throw new RequestError('transfer_failed', `member ${to} did not take over in time`);
  }

  async #changeMembership(body: ChangeBody): Promise<unknown> {
    const { change, timeoutMs } = body;
    const replica = this.#with.serving();
    const deadlineMs = this.#with.clock.nowMs() + timeoutMs;
    const leftMs = (): number => deadlineMs - this.#with.clock.nowMs();
    // A leader that has just taken over, perhaps for this very change, may not know yet what its predecessors decided.
    await this.#with.conditions.until(() => !replica.isLeader || replica.raftStatus().hasCommittedInTerm, leftMs());
    if (!replica.isLeader) throw replica.notLeader();
    const membership = replica.membership as Membership;
    const objection = objectionTo(change, membership, replica.raftStatus());
    if (objection !== null) throw new RequestError(objection.code, objection.message);
    const to = leavesOut(change, membership, replica.id) ? successorFor(change, replica) : NO_MEMBER;
    // With no successor (all voters are replaced) this leader stays until the new voters have the change. Otherwise it
    // hands leadership over first: if it just removed itself, the others would have to notice its silence.
    if (to !== NO_MEMBER) {
      const successor = await this.#transferLeader({ to, timeoutMs: leftMs() });
      this.#with.observer.log('info', 'leader_transferred_before_removal', { to: successor });
      return replica.callLeader('changeMembership', { ...body, timeoutMs: leftMs() }, { timeoutMs: leftMs() });
    }
    const expectedConfigIndex = body.expectedConfigIndex ?? membership.configIndex;
    const result = await replica.proposeMembership(
      { kind: 'ChangeMembership', expectedConfigIndex, change },
      { timeoutMs: leftMs() },
    );
    if (result.kind === 'Failed') throw refusalOf(result);
    if (result.kind !== 'Membership') throw new Error(`a change of membership resulted in ${result.kind}`);
    // Answer only when the joint configuration is left: the caller's next change needs the index of the final one.
    await this.#with.conditions.until(() => replica.membership?.leaving === null, leftMs());
    return {
      id: result.id,
      configIndex: Math.max(result.membership.configIndex, replica.membership?.configIndex ?? 0),
    };
  }
}

/** The lease's seconds; null when it is gone, or being expired. */
async function renew({ store, duties }: Confirmed, id: LeaseId): Promise<number | null> {
  const lease = store.lease(id);
  return lease !== null && (await duties.leases.renew(lease)) ? lease.ttlSeconds : null;
}

export function leaseNotFound(id: LeaseId): RequestError {
  return new RequestError('lease_not_found', `lease ${id} does not exist or has expired`);
}

function leavesOut(change: MembershipChange, membership: Membership, id: number): boolean {
  if (change.kind === 'Remove') return change.id === id;
  return change.kind === 'ReplaceVoters' && membership.voters.includes(id) && !change.voters.includes(id);
}

/** Someone who stays: handing leadership to another one that leaves would only repeat the step. `NO_MEMBER` for nobody. */
function successorFor(change: MembershipChange, replica: Replica): number {
  const status = replica.raftStatus();
  if (change.kind !== 'ReplaceVoters') return mostCaughtUpVoter(status);
  return mostCaughtUpVoter(status, (id) => change.voters.includes(id));
}
