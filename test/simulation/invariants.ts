/**
 * What Raft promises, checked after every step from outside of the production code: what members send, what they
 * write, and what they say of themselves (thesis figure 3.2, and what Quorate adds to it).
 */
import type { Configuration, HardState, RaftStatus } from '../../node/raft/types.ts';
import type { PeerFrame } from '../../node/transport/types.ts';
import { type LogMirror, type MirroredEntry, termAt } from './log-mirror.ts';
import type { World } from './world.ts';

type Committed = { readonly term: number; readonly digest: string };

export class Invariants {
  readonly #world: World;
  /**
   * The log of each member id on its own disk. Of one that was lost, as it was: its acknowledgements were true when
   * they were given, and the faults see to it that enough others remain.
   */
  readonly #logs = new Map<number, LogMirror>();
  readonly #incarnations = new Map<number, string>();
  readonly #leaders = new Map<number, number>();
  readonly #votes = new Map<string, number>();
  /** (index, term) names one entry, and one entry before it: by induction, equal logs up to there. */
  readonly #entries = new Map<string, { readonly digest: string; readonly previousTerm: number | undefined }>();
  readonly #committed = new Map<number, Committed>();
  #lastCommitted: number;
  readonly #lastStatus = new Map<number, { readonly life: number; readonly status: RaftStatus }>();
  readonly #stateAt = new Map<number, string>();
  readonly #applied = new Map<number, number>();
  /** Called once for each committed entry, in order. */
  onCommitted: (entry: MirroredEntry) => void = () => {};

  /** @param firstIndex what the cluster's first state stands for */
  constructor(world: World, firstIndex: number) {
    this.#world = world;
    this.#lastCommitted = firstIndex;
  }

  get lastCommitted(): number {
    return this.#lastCommitted;
  }

  /** Of the first incarnation that has this id: whoever else claims it must not be believed by anyone. */
  hasLog(member: number, incarnation: string, log: LogMirror): void {
    const known = this.#incarnations.get(member);
    if (known !== undefined && known !== incarnation) return;
    this.#incarnations.set(member, incarnation);
    this.#logs.set(member, log);
  }

  /** Log matching (thesis section 3.5). */
  appending(log: LogMirror, entries: readonly MirroredEntry[]): void {
    let previousTerm =
      entries.length === 0
        ? undefined
        : (log.next ?? log.state) && termAt(log.next ?? log.state, entries[0]!.index - 1);
    for (const entry of entries) {
      const name = `${entry.index}:${entry.term}`;
      const known = this.#entries.get(name);
      if (known === undefined) this.#entries.set(name, { digest: entry.digest, previousTerm });
      else if (known.digest !== entry.digest)
        this.#fail(`log matching: two different entries ${entry.index} of term ${entry.term}`);
      else if (known.previousTerm !== previousTerm) {
        this.#fail(
          `log matching: before entry ${entry.index} of term ${entry.term} lies one of term ${known.previousTerm} here, of ${previousTerm} there`,
        );
      }
      previousTerm = entry.term;
    }
  }

  /** Nothing is said that a crash could take back (thesis section 3.8). */
  sending(from: number, to: number, frame: PeerFrame): void {
    if (frame.kind !== 'Raft') return;
    const log = this.#logs.get(from);
    if (log === undefined) return;
    const { hardState } = log.state;
    for (const message of frame.messages) {
      if (message.kind === 'VoteResponse' && message.granted && !message.isPreVote)
        this.#voted(from, to, message.term, hardState);
      else if (message.kind === 'VoteRequest' && !message.isPreVote) this.#voted(from, from, message.term, hardState);
      else if (message.kind === 'AppendResponse' && !message.rejected) {
        if (hardState.term < message.term)
          this.#fail(`member ${from} answers in term ${message.term}, durable is term ${hardState.term}`);
        if (message.index > log.lastIndex)
          this.#fail(`member ${from} acknowledges entry ${message.index}, durable are those through ${log.lastIndex}`);
      } else if (message.kind === 'AppendRequest' || message.kind === 'Heartbeat' || message.kind === 'TimeoutNow') {
        this.#leads(from, message.term);
      }
    }
  }

  /** What a member says of itself after each step of its process; `life` numbers its processes. */
  observed(member: number, life: number, status: RaftStatus): void {
    const last = this.#lastStatus.get(member);
    const previous = last?.life === life ? last.status : null;
    this.#lastStatus.set(member, { life, status });
    if (previous !== null) {
      if (status.term < previous.term)
        this.#fail(`member ${member} went back from term ${previous.term} to ${status.term}`);
      if (status.commit < previous.commit)
        this.#fail(`member ${member} went back from commit ${previous.commit} to ${status.commit}`);
      if (status.applied < previous.applied)
        this.#fail(`member ${member} went back from applied ${previous.applied} to ${status.applied}`);
    }
    if (status.role !== 'Leader') return;
    this.#leads(member, status.term);
    const hasLed = previous?.role === 'Leader' && previous.term === status.term;
    if (!hasLed) this.#checkCompleteness(member, status);
    else if (status.lastIndex < previous.lastIndex)
      this.#fail(`leader ${member} shortened its log from ${previous.lastIndex} to ${status.lastIndex}`);
    if (status.commit > (previous?.commit ?? 0) && hasLed) this.#checkQuorum(member, status, previous.configuration);
  }

  /** What a member has applied must be durable there, and the entry that everyone else applies at this index. */
  applied(member: number, index: number): void {
    const log = this.#logs.get(member);
    if (log === undefined) return;
    const before = this.#applied.get(member) ?? 0;
    if (before === index) return;
    this.#applied.set(member, index);
    const { base } = log.state;
    for (let at = Math.max(before, base.index) + 1; at <= index; at++) {
      const entry = log.entryAt(at);
      if (entry === undefined) this.#fail(`member ${member} applied ${at}, its durable log ends at ${log.lastIndex}`);
      else this.#commit(member, entry);
    }
  }

  /** The rows of a member, right after a batch: equal indexes have equal state. */
  wrote(member: number, index: number, stateHash: string): void {
    if (!this.#logs.has(member)) return;
    const known = this.#stateAt.get(index);
    if (known === undefined) this.#stateAt.set(index, stateHash);
    else if (known !== stateHash) this.#fail(`member ${member} has another state than the others at index ${index}`);
  }

  /** At most once a term (thesis section 3.4); whoever asks for votes has given its own to itself. */
  #voted(voter: number, candidate: number, term: number, durable: HardState): void {
    const name = `${voter}:${term}`;
    const before = this.#votes.get(name);
    if (before !== undefined && before !== candidate)
      this.#fail(`member ${voter} voted for ${before} and for ${candidate} in term ${term}`);
    this.#votes.set(name, candidate);
    if (durable.term < term || (durable.term === term && durable.vote !== candidate)) {
      this.#fail(
        `member ${voter} votes for ${candidate} in term ${term}, durable is a vote for ${durable.vote} in term ${durable.term}`,
      );
    }
  }

  #leads(member: number, term: number): void {
    const known = this.#leaders.get(term);
    if (known === undefined) this.#leaders.set(term, member);
    else if (known !== member) this.#fail(`election safety: members ${known} and ${member} both lead term ${term}`);
  }

  /** State machine safety (thesis section 3.6). */
  #commit(member: number, entry: MirroredEntry): void {
    const known = this.#committed.get(entry.index);
    if (known === undefined) {
      this.#committed.set(entry.index, { term: entry.term, digest: entry.digest });
      if (entry.index !== this.#lastCommitted + 1) {
        this.#fail(`member ${member} applied ${entry.index} first, the last one before was ${this.#lastCommitted}`);
      }
      this.#lastCommitted = entry.index;
      this.onCommitted(entry);
    } else if (known.digest !== entry.digest) {
      this.#fail(
        `state machine safety: member ${member} applied another entry ${entry.index} (term ${entry.term}) than others (term ${known.term})`,
      );
    }
  }

  /** Leader completeness (thesis section 3.6.3): the newest committed entry implies those before it, by log matching. */
  #checkCompleteness(member: number, status: RaftStatus): void {
    const log = this.#logs.get(member);
    if (log === undefined || this.#lastCommitted <= log.state.base.index) return;
    const committed = this.#committed.get(this.#lastCommitted)!;
    const found = log.next ?? log.state;
    if (termAt(found, this.#lastCommitted) !== committed.term && status.term > committed.term) {
      this.#fail(
        `leader completeness: member ${member} leads term ${status.term} without entry ${this.#lastCommitted} of term ${committed.term}`,
      );
    }
  }

  /**
   * A leader counts only entries of its own term, and only voters that have them on disk (thesis section 3.6.2). In a
   * step that commits and changes the configuration, either may have come first.
   */
  #checkQuorum(member: number, status: RaftStatus, before: Configuration): void {
    const { commit, configuration, term } = status;
    const holders = [...this.#logs].filter(([, log]) => log.termAt(commit) === term || log.state.base.index > commit);
    const ids = new Set(holders.map(([id]) => id));
    if (!isQuorum(ids, configuration) && !isQuorum(ids, before)) {
      this.#fail(
        `leader ${member} committed ${commit} in term ${term}, durable on ${[...ids]} of ${JSON.stringify(configuration)}`,
      );
    }
    const own = this.#logs.get(member)?.termAt(commit);
    if (own !== undefined && own !== term)
      this.#fail(`leader ${member} of term ${term} committed entry ${commit} of term ${own} directly`);
  }

  #fail(message: string): void {
    this.#world.fail(message);
  }
}

/** By counting, in each half of the configuration. */
export function isQuorum(members: ReadonlySet<number>, { voters, leaving }: Configuration): boolean {
  return [voters, leaving ?? []].every(
    (half) => half.length === 0 || half.filter((voter) => members.has(voter)).length > half.length / 2,
  );
}
