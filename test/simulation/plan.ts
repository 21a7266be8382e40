/**
 * What one seed is about. Each run draws its own mixture (swarm testing, Groce 2012): a fault that is always on hides
 * the bugs that need long stretches without it.
 */
import type { DiskSettings } from './disk.ts';
import type { NetworkSettings } from './network.ts';
import type { Random } from './random.ts';

/** Mean simulated milliseconds between two of a kind; null turns it off. */
export type FaultRates = {
  readonly crash: number | null;
  /** A crash in the middle of a chosen kind of disk operation. */
  readonly crashPoint: number | null;
  /** Something happens to the sender or the receiver just when a chosen kind of message was sent. */
  readonly messagePoint: number | null;
  readonly crashAll: number | null;
  readonly pause: number | null;
  readonly partition: number | null;
  /** The leader is cut off for a while, the others notice at once, and it does not. */
  readonly depose: number | null;
  readonly reset: number | null;
  readonly massReset: number | null;
  readonly cleanStop: number | null;
  readonly diskStall: number | null;
  /** The engine takes no writes for a while, the rest of the disk does. */
  readonly engineStall: number | null;
  readonly diskFull: number | null;
  readonly syncError: number | null;
  readonly bitFlip: number | null;
  readonly wipe: number | null;
  readonly membership: number | null;
  readonly transfer: number | null;
};

export const REQUEST_KINDS = [
  'Put',
  'Delete',
  'CompareAndPut',
  'PutTwo',
  'Read',
  'SerializableRead',
  'PastRead',
  'Lease',
  'Compact',
] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export type Plan = {
  readonly founderCount: number;
  readonly machineCount: number;
  readonly clientCount: number;
  readonly watcherCount: number;
  /** With faults; the quiet time after it is extra. */
  readonly durationMs: number;
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly tickMs: number;
  readonly maxLogBytes: number;
  readonly logTailBytes: number;
  readonly maxLogSegmentBytes: number;
  readonly maxValueBytes: number;
  readonly historyRetentionMs: number;
  readonly clockRateSpread: number;
  readonly thinkMs: number;
  /** How often clients do what, one to another. */
  readonly mixture: Readonly<Record<RequestKind, number>>;
  /** A process that died is started again within this. */
  readonly restartMs: number;
  readonly network: NetworkSettings;
  readonly disk: DiskSettings;
  readonly faults: FaultRates;
  /** What a user goes through at most once. */
  readonly ordeal: Ordeal;
};

/**
 * - `QuorumLoss`: most voters are lost for good, one of the others is recovered.
 * - `Restore`: a backup is taken under load, and at the end a cluster made of it.
 */
export type Ordeal = 'None' | 'QuorumLoss' | 'Restore';

/**
 * - `Lossy`: many single messages are lost and little else happens: what goes wrong between two messages is covered up
 *   by a crash or an election.
 * - `Contested`: slow links, short timeouts and processes that die and come back while they vote: elections with
 *   several candidates, one after the other.
 * - `Deposed`: leaders that are replaced and do not know it yet, while clients ask them.
 */
const EMPHASES = ['None', 'None', 'None', 'Lossy', 'Contested', 'Deposed'] as const;

const ORDEALS = ['None', 'None', 'None', 'QuorumLoss', 'Restore'] as const;

export function drawPlan(random: Random): Plan {
  const plan = drawMixture(random);
  const ordeal = random.pick(ORDEALS);
  if (ordeal !== 'QuorumLoss') return { ...plan, ordeal };
  const founderCount = Math.max(2, plan.founderCount);
  return { ...plan, ordeal, founderCount, machineCount: Math.max(founderCount, plan.machineCount) };
}

function drawMixture(random: Random): Omit<Plan, 'ordeal'> {
  const emphasis = random.pick(EMPHASES);
  const isLossy = emphasis === 'Lossy';
  const isContested = emphasis === 'Contested';
  const isDeposed = emphasis === 'Deposed';
  const areFaultsFew = isLossy || isDeposed;
  const founderCount = random.pick(emphasis === 'None' ? [1, 2, 3, 3, 3, 3, 4, 5, 5] : [3, 3, 4, 5, 5]);
  const electionTimeoutMs = random.pick(
    { None: [150, 300, 1000], Lossy: [150, 300, 1000], Contested: [150], Deposed: [300, 1000] }[emphasis],
  );
  const isHarsh = isLossy || random.chance(0.3);
  const often = (probability: number, leastMs: number, mostMs: number): number | null =>
    random.chance(areFaultsFew ? probability / 10 : probability) ? random.between(leastMs, mostMs) : null;
  const engineStalls = random.fork('engineStall');
  return {
    founderCount,
    machineCount: Math.min(7, founderCount + random.pick([0, 1, 2])),
    clientCount: random.integer(2, 5),
    watcherCount: random.integer(0, 2),
    durationMs: random.pick([2_000, 4_000, 8_000]),
    electionTimeoutMs,
    heartbeatIntervalMs: electionTimeoutMs / 10,
    tickMs: electionTimeoutMs / 20,
    ...random.pick([
      { maxLogBytes: 4_000, logTailBytes: 0, maxLogSegmentBytes: 4_096 },
      { maxLogBytes: 8_000, logTailBytes: 2_000, maxLogSegmentBytes: 4_096 },
      { maxLogBytes: 20_000, logTailBytes: 5_000, maxLogSegmentBytes: 8_192 },
      { maxLogBytes: 1_000_000, logTailBytes: 100_000, maxLogSegmentBytes: 65_536 },
    ]),
    maxValueBytes: random.pick([20, 20, 200, 3_000]),
    historyRetentionMs: random.pick([0, 0, 2_000]),
    clockRateSpread: random.pick([0, 0.01, 0.08]),
    thinkMs: random.pick(isDeposed ? [3, 15] : [3, 15, 50]),
    mixture: {
      Put: 30,
      Delete: random.pick([0, 8]),
      CompareAndPut: random.pick([0, 12, 40]),
      PutTwo: random.pick([0, 7]),
      Read: random.pick(areFaultsFew ? [30, 60] : [0, 20, 100]),
      SerializableRead: random.pick([0, 6]),
      PastRead: random.pick([0, 4]),
      Lease: random.pick(isDeposed ? [30] : [0, 8, 60]),
      Compact: random.pick([0, 2]),
    },
    restartMs: isContested ? 5 : random.pick([5, 50, 400]),
    network: {
      leastDelayMs: random.pick([0.05, 0.5]),
      mostDelayMs: random.pick(isContested ? [2, 15, 40] : [0.5, 2, 15]),
      lossChance: isHarsh ? random.pick(isLossy ? [0.1, 0.3] : [0, 0.01, 0.1]) : 0,
      duplicateChance: isHarsh ? random.pick([0, 0.02, 0.1]) : 0,
      reorderChance: isHarsh ? random.pick([0, 0.02, 0.2]) : 0,
    },
    disk: {
      latencyMs: random.pick([0.02, 0.2]),
      syncLatencyMs: random.pick([0.1, 1, 5]),
      slowChance: random.pick([0, 0.01]),
      // Only a fault fills it: clients in simulated time write faster than a member measures its disk, once in half a second.
      capacityBytes: 1 << 26,
    },
    faults: {
      crash: often(0.6, 300, 3_000),
      crashPoint: often(0.6, 300, 2_000),
      messagePoint: isContested ? random.between(20, 200) : often(0.5, 300, 2_000),
      crashAll: often(0.3, 2_000, 6_000),
      pause: often(0.4, 500, 3_000),
      partition: often(0.6, 300, 3_000),
      depose: isDeposed ? random.between(500, 1_500) : often(0.3, 1_000, 4_000),
      reset: often(0.4, 100, 2_000),
      massReset: often(0.3, 1_000, 4_000),
      cleanStop: often(0.3, 1_000, 4_000),
      diskStall: often(0.3, 500, 3_000),
      engineStall: engineStalls.chance(0.3) ? engineStalls.between(500, 3_000) : null,
      diskFull: often(0.2, 1_000, 5_000),
      syncError: often(0.2, 1_000, 5_000),
      bitFlip: often(0.25, 2_000, 6_000),
      wipe: often(0.25, 2_000, 6_000),
      membership: often(0.5, 200, 2_000),
      transfer: often(0.4, 300, 2_000),
    },
  };
}
