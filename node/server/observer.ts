/** What a member tells whoever watches it: metrics and logs are built on these, the driver knows neither. */
import type { RaftEvent, Refusal } from '../raft/types.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type ProposalRefusal = Refusal | 'NoLeader' | 'NoSpace' | 'Overloaded' | 'Stopping';

export type Observer = {
  /** One line with a stable event name; never a key or a value of a user. */
  log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>>): void;
  raftEvent(event: RaftEvent): void;
  /** One durable write of the log: how long it took and what it held. */
  logAppended(seconds: number, entries: number, bytes: number): void;
  /** How long it took from a leader's append until a quorum had the batch. */
  quorumReached(seconds: number): void;
  /** How long it took from sending entries to a peer until it acknowledged them. */
  replicated(seconds: number): void;
  applied(seconds: number, entries: number): void;
  /** The engine has taken what was applied since the last time. */
  wroteOut(seconds: number): void;
  proposalsCommitted(count: number): void;
  proposalRefused(reason: ProposalRefusal): void;
  snapshotSent(seconds: number, outcome: 'Installed' | 'Failed'): void;
  snapshotReceived(seconds: number, outcome: 'Installed' | 'Failed'): void;
  snapshotBytes(direction: 'sent' | 'received', bytes: number): void;
};

export const silentObserver: Observer = {
  log: () => {},
  raftEvent: () => {},
  logAppended: () => {},
  quorumReached: () => {},
  replicated: () => {},
  applied: () => {},
  wroteOut: () => {},
  proposalsCommitted: () => {},
  proposalRefused: () => {},
  snapshotSent: () => {},
  snapshotReceived: () => {},
  snapshotBytes: () => {},
};
