/**
 * A follower as its leader sees it: how far its log agrees, what to send next and whether to wait.
 *
 * Probe: where the logs agree is not known; one message at a time. Replicate: they agree, so messages are pipelined
 * and `next` runs ahead of the answers (thesis section 10.2.2). Snapshot: the log no longer reaches back far enough;
 * nothing is sent until the snapshot is there.
 */
import type { CommitNotice } from './commit-notice.ts';
import { Inflights } from './inflights.ts';
import type { MemberId, PeerProgress, RaftOptions } from './types.ts';

export class Progress {
  readonly id: MemberId;
  isLearner: boolean;
  /** Highest index known to be durable there and equal to ours. */
  match = 0;
  /** First index of the next message; always above `match`. */
  next: number;
  state: PeerProgress['state'] = 'Probe';
  /** Heard of since the last CheckQuorum. */
  isRecentlyActive: boolean;
  /** Heard of between the last CheckQuorum and the one before. */
  #wasActive = false;
  /** Probe: an unanswered message is out. Lifted by an answer or, if that was lost, by the next heartbeat's. */
  isPaused = false;
  /** A periodic heartbeat is out; its answer may lift the pause or make a nudge due, those of read rounds may not. */
  isHeartbeatOut = false;
  /** An empty AppendRequest is due even with nothing new, to find out whether messages were lost. */
  isNudgeDue = false;
  /** Highest commit index that a message may already have told it. */
  sentCommit = 0;
  /** It waits for the commit of what it asked for, through here: not to be kept waiting. */
  awaitedCommit = 0;
  /** It durably knows that entries through here are committed; followed for Configuration entries only. */
  knownCommit = 0;
  notice: CommitNotice | null = null;
  /** Highest read counter that it has answered in this leadership. */
  readCounter = 0;
  readonly inflights: Inflights;

  constructor(peer: Pick<PeerProgress, 'id' | 'isLearner' | 'isRecentlyActive' | 'next'>, options: RaftOptions) {
    this.id = peer.id;
    this.isLearner = peer.isLearner;
    this.isRecentlyActive = peer.isRecentlyActive;
    this.next = peer.next;
    this.inflights = new Inflights(options.maxInflightMessages, options.maxInflightBytes);
  }

  /** A CheckQuorum has counted it. */
  beginPeriod(): void {
    this.#wasActive = this.isRecentlyActive;
    this.isRecentlyActive = false;
  }

  /**
   * Whether it is there, for all but CheckQuorum itself: right after one, nobody has had time for an answer yet.
   * @param isPeriodYoung not long enough for a heartbeat and its answer
   */
  isPresent(isPeriodYoung: boolean): boolean {
    return this.isRecentlyActive || (isPeriodYoung && this.#wasActive);
  }

  /** It has everything through `index`. False when that is not news. */
  acknowledge(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    this.next = Math.max(this.next, index + 1);
    this.isPaused = false;
    return true;
  }

  /**
   * It refused a message after `refusedIndex` and may agree at `hintIndex`. False when the refusal is stale: answers can
   * be reordered and repeated.
   */
  refuse(refusedIndex: number, hintIndex: number): boolean {
    if (this.state === 'Snapshot') return false;
    if (this.state === 'Replicate') {
      if (refusedIndex <= this.match) return false;
      this.becomeProbe();
      return true;
    }
    if (this.next - 1 !== refusedIndex) return false;
    this.next = Math.max(Math.min(refusedIndex, hintIndex + 1), this.match + 1);
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    this.isPaused = false;
    return true;
  }

  becomeProbe(): void {
    this.#enter('Probe', this.match + 1);
  }

  becomeReplicate(): void {
    this.#enter('Replicate', this.match + 1);
  }

  becomeSnapshot(): void {
    this.#enter('Snapshot', this.match + 1);
  }

  /** Probes at a snapshot's index, which is above `match` while its acknowledgement is still on the way. */
  becomeProbeAfter(index: number): void {
    this.#enter('Probe', Math.max(this.match, index) + 1);
    this.isPaused = true;
  }

  /** It may apply more if told the commit index: `sentCommit` is below both that and what was sent. */
  isCommitDue(committed: number): boolean {
    return committed > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /** Somebody waits there for the news that `isCommitDue` is about. */
  get isCommitAwaited(): boolean {
    return this.awaitedCommit > this.sentCommit;
  }

  #enter(state: PeerProgress['state'], next: number): void {
    this.state = state;
    this.next = next;
    this.isPaused = false;
    this.isNudgeDue = false;
    this.sentCommit = Math.min(this.sentCommit, next - 1);
    this.inflights.reset();
  }
}
