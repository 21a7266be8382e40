/** What a driver needs to be told; `node/config` makes it from the user's settings. */

export type MemberOptions = {
  readonly name: string;
  readonly peerAddress: string;
  readonly clientUrl: string;
  readonly version: string;
  /** The members that it was told to form a cluster with: `NAME=CLIENT_URL` or the URL of each, sorted. The others see it, and must agree. */
  readonly initialCluster?: readonly string[];
  readonly timing: {
    readonly tickMs: number;
    readonly heartbeatIntervalMs: number;
    readonly electionTimeoutMs: number;
  };
  readonly limits: {
    readonly maxProposalsInFlight: number;
    readonly maxProposalBytesInFlight: number;
    readonly maxUncommittedBytes: number;
    /** A cut of the log begins when it holds more than this. */
    readonly maxLogBytes: number;
    /** What a cut leaves for slow followers. */
    readonly logTailBytes: number;
    readonly maxEntriesBytesPerMessage: number;
    readonly maxInflightMessages: number;
    readonly maxInflightBytes: number;
    readonly watcherQueueBytes: number;
    /** Answers that wait for clients to read them, of all connections together. */
    readonly maxHeldAnswerBytes: number;
    readonly minFreeBytes: number;
    readonly resumeFreeBytes: number;
  };
  /** History older than this is compacted by the leader; 0 keeps all. */
  readonly historyRetentionMs: number;
  /** How long a clean stop may take. */
  readonly stopTimeoutMs: number;
};
