/** What a member's network needs from outside. */
import type { ReloadingTls } from './tls.ts';

/** Monotonic time and timers that do not keep the process alive. */
export interface TransportClock {
  nowMs(): number;
  after(delayMs: number, callback: () => void): { cancel(): void };
}

/** Takes what pino takes: fields, then a stable event name. */
export interface TransportLog {
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
}

export type TcpNetworkOptions = {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Null: plain TCP, whoever reaches the port is trusted to be who it says it is. */
  readonly tls: ReloadingTls | null;
  /** A peer's queue; frames beyond it are dropped. */
  readonly sendQueueLimitBytes: number;
  /** The largest frame, in either direction; a snapshot's chunk is one. */
  readonly maxFrameBytes: number;
  /** All outgoing snapshots together; Infinity for no limit. */
  readonly snapshotRateBytesPerSecond: number;
  /** Bounds of the pause before the next attempt to connect. */
  readonly reconnect: { readonly minMs: number; readonly maxMs: number };
  /** The most that passes from the first byte of TCP to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** Pings go out this often; a connection on which nothing came for five of them is given up. */
  readonly keepAliveMs: number;
  readonly clock: TransportClock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: TransportLog;
};
