/** From a client's command to the log: on the leader at once, elsewhere by way of the leader. */

import type { Raft } from '../raft/raft.ts';
import { type MemberId, NO_MEMBER, type Refusal } from '../raft/types.ts';
import { decodeProposal, encodeProposal, stampTime } from '../store/codec.ts';
import type { ChangeMembership, Command, Result } from '../store/types.ts';
import type { ForwardedProposals, ForwardRefused, Network } from '../transport/types.ts';
import type { Clock } from './clock.ts';
import { growsTheStore } from './growth.ts';
import type { LeaderTime } from './leader-time.ts';
import type { Observer, ProposalRefusal } from './observer.ts';
import type { Pending, Proposals } from './proposals.ts';
import { RequestError, type WriteOptions } from './types.ts';

export type WritePathDependencies = {
  readonly raft: Raft;
  readonly network: Network;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly proposals: Proposals;
  readonly time: LeaderTime;
  /** True while a voter's disk is nearly full. */
  readonly isGrowthRefused: () => boolean;
  readonly notLeader: () => RequestError;
  readonly schedule: () => void;
};

type Forwarded = { readonly from: MemberId; readonly frame: ForwardedProposals };

/** Bounds what one call to the core takes or refuses as a whole. */
const MAX_HANDOVER_BYTES = 1 << 20;
/** Two, so that one is made while the other's acknowledgements arrive. More make smaller batches, which cost more a write. */
const MAX_BATCHES_IN_FLIGHT = 2;

export class WritePath {
  readonly #with: WritePathDependencies;
  /** After a refusal the rest waits for the next tick or leader instead of asking as fast as the network allows. */
  #isHeld = false;
  /** Last index of each batch that is not committed and handed to the state machine yet, oldest first. */
  #batchesInFlight: number[] = [];
  /** Last index that the core has taken in the hand-over under way, 0 before the first. */
  #lastProposed = 0;
  /** What followers have sent, for the next batch: put before it, it would leave no room for what this member's clients ask. */
  #forwarded: Forwarded[] = [];
  #forwardedBytes = 0;

  constructor(dependencies: WritePathDependencies) {
    this.#with = dependencies;
  }

  submit(command: Command, options: WriteOptions): Promise<Result> {
    return new Promise((resolve, reject) => {
      try {
        this.#with.proposals.add(this.#pending(command, options, resolve, reject));
      } catch (error) {
        this.#with.observer.proposalRefused('Overloaded');
        throw error;
      }
      this.#with.schedule();
    });
  }

  /** On the leader only, at once or not at all: its caller has checked the change against this leader's view. */
  submitConfiguration(command: ChangeMembership, options: WriteOptions): Promise<Result> {
    const { raft, proposals, observer, time, schedule } = this.#with;
    return new Promise((resolve, reject) => {
      const pending = this.#pending(command, options, resolve, reject);
      stampTime(pending.data, time.nowMs());
      const proposed = raft.proposeConfiguration(pending.data);
      if (!proposed.accepted) {
        observer.proposalRefused(proposed.reason);
        throw refusedConfiguration(proposed.reason, this.#with.notLeader);
      }
      proposals.addHandedOver(pending, proposed.term);
      schedule();
    });
  }

  /** True when something was held back. */
  release(): boolean {
    const wasHeld = this.#isHeld;
    this.#isHeld = false;
    return wasHeld;
  }

  /** Everything through `index` is committed, and on its way to the state machine. */
  committed(index: number): void {
    while (this.#batchesInFlight.length > 0 && this.#batchesInFlight[0]! <= index) this.#batchesInFlight.shift();
  }

  /** Leadership has changed: what was on its way is the business of another term. */
  roleChanged(): void {
    this.#isHeld = false;
    this.#batchesInFlight = [];
    for (const { from, frame } of this.#takeForwarded()) this.#refuse(from, frame, frame.proposals, 'NotLeader');
  }

  /** Gives what waits to the leader, if one is known. */
  handOver(): void {
    const { raft, proposals, time } = this.#with;
    const hasOwn = !this.#isHeld && proposals.hasWaiting;
    if (raft.role !== 'Leader') {
      if (hasOwn && raft.leader !== NO_MEMBER) this.#forward(raft.leader, proposals.takeWaiting());
      return;
    }
    if (!hasOwn && this.#forwarded.length === 0) return;
    // The core leads, and the driver has not heard of it yet: it will in this turn.
    if (!time.isRunning) return;
    // What arrives while batches are on their way gathers to the next one: each costs messages, two writes and their
    // wake-ups, whatever is in it. An idle leader waits for nothing.
    const isFull = this.#batchesInFlight.length >= MAX_BATCHES_IN_FLIGHT;
    if (isFull && proposals.waitingBytes + this.#forwardedBytes < MAX_HANDOVER_BYTES) return;
    this.#lastProposed = 0;
    if (hasOwn) this.#proposeHere(proposals.takeWaiting());
    for (const forwarded of this.#takeForwarded()) this.#proposeForwarded(forwarded);
    if (this.#lastProposed > 0) this.#batchesInFlight.push(this.#lastProposed);
  }

  forwarded(from: MemberId, frame: ForwardedProposals): void {
    const { raft } = this.#with;
    if (raft.role !== 'Leader' || raft.term !== frame.term) {
      this.#refuse(from, frame, frame.proposals, 'NotLeader');
      return;
    }
    this.#forwarded.push({ from, frame });
    for (const { data } of frame.proposals) this.#forwardedBytes += data.length;
  }

  forwardRefused(frame: ForwardRefused): void {
    const { proposals, observer } = this.#with;
    observer.proposalRefused(frame.reason as ProposalRefusal);
    const error = errorFor(frame.reason as ProposalRefusal);
    if (error === null) {
      this.#isHeld = true;
      proposals.refused(frame.sequences, frame.term);
    } else {
      for (const sequence of frame.sequences) proposals.abandon(sequence, frame.term, error);
    }
  }

  #pending(command: Command, options: WriteOptions, resolve: Pending['resolve'], reject: Pending['reject']): Pending {
    const { proposals, clock } = this.#with;
    const sequence = proposals.nextSequence();
    const idempotency = options.idempotency ?? null;
    const auth = options.authRevision === undefined ? null : { authRevision: options.authRevision };
    return {
      sequence,
      data: encodeProposal({ origin: proposals.origin, sequence, timeMs: 0, idempotency, ...auth, command }),
      deadlineMs: clock.nowMs() + options.timeoutMs,
      isIdempotent: idempotency !== null,
      mayForward: options.mayForward ?? true,
      isConfiguration: command.kind === 'ChangeMembership',
      resolve,
      reject,
      term: 0,
    };
  }

  #proposeHere(waiting: Pending[]): void {
    const { raft, proposals, observer } = this.#with;
    let taken = waiting;
    if (this.#with.isGrowthRefused()) {
      taken = waiting.filter((pending) => {
        if (!growsTheStore(decodeProposal(pending.data).command)) return true;
        observer.proposalRefused('NoSpace');
        proposals.reject(pending, noSpace());
        return false;
      });
    }
    for (const chunk of chunksOf(taken)) {
      const reason = this.#propose(chunk.map(({ data }) => data));
      if (reason === null) {
        proposals.markHandedOver(chunk, raft.term);
        continue;
      }
      observer.proposalRefused(reason);
      const error = errorFor(reason);
      if (error === null) {
        this.#isHeld = true;
        proposals.putBack(chunk);
      } else {
        for (const pending of chunk) proposals.reject(pending, error);
      }
    }
  }

  #takeForwarded(): readonly Forwarded[] {
    const taken = this.#forwarded;
    this.#forwarded = [];
    this.#forwardedBytes = 0;
    return taken;
  }

  #proposeForwarded({ from, frame }: Forwarded): void {
    let taken = frame.proposals;
    if (this.#with.isGrowthRefused()) {
      const growing = taken.filter(({ data }) => growsTheStore(decodeProposal(data).command));
      if (growing.length > 0) this.#refuse(from, frame, growing, 'NoSpace');
      taken = taken.filter((proposal) => !growing.includes(proposal));
    }
    for (const chunk of chunksOf(taken)) {
      const reason = this.#propose(chunk.map(({ data }) => data));
      if (reason !== null) this.#refuse(from, frame, chunk, reason);
    }
    this.#with.raft.awaitCommit(from);
  }

  #refuse(
    to: MemberId,
    { term }: ForwardedProposals,
    refused: ForwardedProposals['proposals'],
    reason: ProposalRefusal,
  ): void {
    const sequences = refused.map(({ sequence }) => sequence);
    this.#with.network.send(to, { kind: 'ForwardRefused', term, sequences, reason });
  }

  #forward(leader: MemberId, waiting: Pending[]): void {
    const { raft, proposals, network } = this.#with;
    const forwardable = waiting.filter((pending) => {
      if (!pending.mayForward) proposals.reject(pending, this.#with.notLeader());
      return pending.mayForward;
    });
    if (forwardable.length === 0) return;
    for (const chunk of chunksOf(forwardable)) {
      proposals.markHandedOver(chunk, raft.term);
      network.send(leader, { kind: 'ForwardedProposals', term: raft.term, proposals: chunk });
    }
  }

  #propose(data: Buffer[] | Uint8Array[]): Refusal | null {
    const timeMs = this.#with.time.nowMs();
    for (const entry of data) stampTime(entry, timeMs);
    const proposed = this.#with.raft.propose(data);
    if (!proposed.accepted) return proposed.reason;
    this.#lastProposed = proposed.firstIndex + data.length - 1;
    return null;
  }
}

function* chunksOf<T extends { readonly data: Uint8Array }>(proposals: readonly T[]): Iterable<T[]> {
  let chunk: T[] = [];
  let bytes = 0;
  for (const proposal of proposals) {
    if (chunk.length > 0 && bytes + proposal.data.length > MAX_HANDOVER_BYTES) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(proposal);
    bytes += proposal.data.length;
  }
  if (chunk.length > 0) yield chunk;
}

/** Null for refusals that pass by themselves: the proposal waits and is handed over again. */
function errorFor(reason: ProposalRefusal): RequestError | null {
  if (reason === 'NoSpace') return noSpace();
  if (reason === 'UncommittedLimit') return uncommittedLimit();
  if (reason === 'UnappliedLimit') return unappliedLimit();
  return null;
}

function refusedConfiguration(reason: Refusal, notLeader: () => RequestError): RequestError {
  switch (reason) {
    case 'ConfigurationPending':
    case 'NotCommittedInTerm':
      return new RequestError(
        'configuration_pending',
        'an earlier change of membership is not finished, or the leader is new: ask again shortly',
      );
    case 'JointConfiguration':
      return new RequestError(
        'configuration_joint',
        'a change of several voters is under way: ask again when it is finished',
      );
    case 'UncommittedLimit':
      return uncommittedLimit();
    case 'UnappliedLimit':
      return unappliedLimit();
    case 'NotLeader':
    case 'LeadershipTransfer':
      return notLeader();
  }
}

function uncommittedLimit(): RequestError {
  return new RequestError('overloaded', 'too many bytes wait for a quorum to make them durable: retry later');
}

function unappliedLimit(): RequestError {
  return new RequestError('overloaded', 'too many committed bytes wait for the leader to apply them: retry later');
}

function noSpace(): RequestError {
  return new RequestError(
    'no_space',
    "a member's disk is nearly full: deletes and compaction still work; free space or grow the volume",
  );
}
