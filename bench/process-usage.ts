/** What processes have used, from /proc: Linux only. */
import { readFileSync } from 'node:fs';

/** The kernel's clock ticks are always reported at this rate, whatever it runs at inside. */
const TICKS_PER_SECOND = 100;

export type Usage = { readonly cpuSeconds: number; readonly residentBytes: number };

export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return { cpuSeconds: ticks / TICKS_PER_SECOND, residentBytes: Number(resident?.[1] ?? 0) * 1024 };
}
