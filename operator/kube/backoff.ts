/** Exponential backoff. */
import type { Random } from './types.ts';

export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/**
 * Doubles with each failure, up to `mostMs`. The result is then reduced at random by up to half, so that after an
 * outage not all clients retry at the same moment.
 *
 * @param failures the number of failures in a row, at least 1
 */
export function backoffMs({ firstMs, mostMs }: Backoff, failures: number, random: Random): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return full * (0.5 + 0.5 * random());
}
