/** What every write of a pass carries: until when this operator surely is the only one that acts. */
import { KubeError } from '../kube/errors.ts';
import type { Clock, Leadership } from '../kube/types.ts';

export type Fence = {
  /** To be spread into the options of each write to the Kubernetes API. */
  readonly options: { readonly notAfterMs: number };
  /**
   * To be asked before each call to a member.
   *
   * @throws KubeError `TooLate`
   */
  check(what: string): void;
};

/** Makes the fence of one pass: leadership that is won anew later is no licence for what was decided before. */
export function fenceOf(leadership: Leadership, clock: Pick<Clock, 'nowMs'>): Fence {
  const notAfterMs = leadership.validUntilMs;
  return {
    options: { notAfterMs },
    check: (what) => {
      if (clock.nowMs() >= notAfterMs) throw new KubeError('TooLate', `${what}: not sent, leadership is not certain`);
    },
  };
}
