/** The loads of the comparison, in the words of etcd's `benchmark`. */

export type Load = {
  readonly name: string;
  readonly clients: number;
  readonly connections: number;
  readonly command: readonly string[];
  /** What the command's own flag for it says: requests, or puts that are watched. */
  readonly total: number;
  readonly totalFlag: string;
  /** Whether each request writes one of the keys 0 to `total`. */
  readonly fillsKeys: boolean;
  /** At a rate that is given, not the highest there is. */
  readonly isPaced: boolean;
};

/** 8 bytes, and there before the loads begin. */
export const RANGED_KEY = 'range-01';
export const VALUE_BYTES = 256;
const SIZES = ['--key-size=8', `--val-size=${VALUE_BYTES}`];
/** A short run shows that it works, not how fast. */
const QUICK_SHARE = 0.1;

export function loadsOf(isQuick: boolean): Load[] {
  const many = { clients: 1000, connections: 100 };
  const all: Load[] = [
    {
      ...load('txn-mixed', ['txn-mixed', '', '--key-space-size=1000', '--limit=100', ...SIZES], 20_000),
      clients: 64,
      connections: 16,
    },
    { ...put(5_000), clients: 1, connections: 1 },
    { ...put(50_000), clients: 64, connections: 16 },
    { ...put(100_000), ...many },
    { ...load('range, linearizable', ['range', RANGED_KEY, '--consistency=l'], 100_000), ...many },
    { ...load('range, serializable', ['range', RANGED_KEY, '--consistency=s'], 100_000), ...many },
    { ...load('lease keep-alive', ['lease-keepalive'], 20_000), clients: 64, connections: 16 },
    {
      ...load(
        'watch latency',
        ['watch-latency', '--streams=10', '--watchers-per-stream=10', '--put-rate=200', ...SIZES],
        2000,
      ),
      totalFlag: '--put-total',
      isPaced: true,
      clients: 10,
      connections: 10,
    },
  ];
  return isQuick ? all.map((each) => ({ ...each, total: Math.ceil(each.total * QUICK_SHARE) })) : all;
}

/** Before anything is measured, for both: compiled code, grown heaps. */
export function warmUp(isQuick: boolean): Load {
  const total = isQuick ? 5_000 : 50_000;
  return { ...put(total), name: 'warm-up', clients: 64, connections: 16 };
}

function put(total: number): Load {
  const command = ['put', '--sequential-keys', `--key-space-size=${total}`, ...SIZES];
  return { ...load('put', command, total), fillsKeys: true };
}

function load(name: string, command: readonly string[], total: number): Load {
  return { name, clients: 1, connections: 1, command, total, totalFlag: '--total', fillsKeys: false, isPaced: false };
}
