/**
 * How a member's process is started so that it stays small. V8 sizes its young generation by the machine, and lets the
 * old one grow by it; glibc keeps a heap for each thread, and RocksDB has several. On a large machine that is half of a
 * member's memory, for nothing that it would notice.
 */
import { containerMemoryBytes } from '../node/container-memory.ts';
import { compileCacheFolder } from './compile-cache.ts';

export const memberNodeFlags: readonly string[] = [
  `--max-semi-space-size=${semiSpaceMiB()}`,
  `--max-old-space-size=${oldSpaceMiB()}`,
  // For node/collect-after-start.ts.
  '--expose-gc',
];
export const memberEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
  // Unless they are set, glibc raises both to what was freed once: a segment of the log, which it then never gives back.
  MALLOC_MMAP_THRESHOLD_: String(256 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(1024 * 1024),
  // From the first file on: what strips types is 15 MiB, and is not loaded for files that are in the cache.
  NODE_COMPILE_CACHE: compileCacheFolder,
};

/** An operator reads and writes small objects: a young generation that grows would only delay what is to be freed. */
export const operatorNodeFlags: readonly string[] = ['--max-semi-space-size=2', '--max-old-space-size=512'];

/** A fifth of the processor time of a thousand clients' puts, for 20 MiB: worth it where there is room. */
function semiSpaceMiB(): number {
  return limitMiB() < 512 ? 4 : 16;
}

/** Half of what a container may have: the rest is RocksDB's and the log's, and V8 must collect before the kernel kills. */
function oldSpaceMiB(): number {
  return Math.max(64, Math.min(1024, Math.floor(limitMiB() / 2)));
}

function limitMiB(): number {
  return containerMemoryBytes() / 2 ** 20;
}

/** Begins the process anew with these flags, under the same id, unless it has them or others in their place. */
export function becomeSmall(flags: readonly string[] = memberNodeFlags): void {
  const given = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')].map(nameOf);
  const missing = flags.filter((flag) => !given.includes(nameOf(flag)));
  if (missing.length === 0 || process.execve === undefined) return;
  const args = [process.execPath, ...process.execArgv, ...missing, ...process.argv.slice(1)];
  process.execve(process.execPath, args, { ...process.env, ...memberEnvironment });
}

function nameOf(flag: string): string {
  return flag.replace(/=.*/, '');
}
