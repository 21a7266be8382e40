/** What every write of a pass carries: until when this operator surely is the only one that acts. */
import { KubeError } from '../kube/errors.ts';
import type { Clock, Leadership } from '../kube/types.ts';

export type Fence = {
  /** For the options of a write to the Kubernetes API. */
  readonly options: { readonly notAfterMs: number };
  /**
   * Before a call to a member.
   *
   * @throws KubeError `TooLate`
   */
  check(what: string): void;
};

/** Of one pass: leadership that is won anew later is no licence for what was decided before. */
export function fenceOf(leadership: Leadership, clock: Pick<Clock, 'nowMs'>): Fence {
  const notAfterMs = leadership.validUntilMs;
  return {
    options: { notAfterMs },
    check: (what) => {
      if (clock.nowMs() >= notAfterMs) throw new KubeError('TooLate', `${what}: not sent, leadership is not certain`);
    },
  };
}
