/** How long to wait after failures in a row. */
import type { Random } from './types.ts';

export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/**
 * Doubles with each failure up to `mostMs`, then takes a random half off: after an outage not all come back at once.
 *
 * @param failures in a row, 1 or more
 */
export function backoffMs({ firstMs, mostMs }: Backoff, failures: number, random: Random): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return full * (0.5 + 0.5 * random());
}
