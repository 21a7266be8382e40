/**
 * Writes the upkeep of one pass. An object that the API server refuses keeps neither the others waiting nor the act: who
 * must wait for it is decided by the rules, with the refusal before them.
 */

import type { Fence } from './act/fence.ts';
import { refusalOf } from './act/refusal.ts';
import { carryOut, objectOf, type Upkeep } from './act/upkeep.ts';
import { refusedWriteNote, upkeepNotes } from './act/upkeep-notes.ts';
import type { RefusedWrite } from './api/refused-write.ts';
import type { RaftCluster } from './api/types.ts';
import type { ActEvent } from './decide/types.ts';
import { errorCode } from './error-code.ts';
import { isKubeError } from './kube/errors.ts';
import type { Clock, KubeApi } from './kube/types.ts';
import type { Log } from './logging.ts';
import type { OperatorMetrics } from './metrics.ts';
import type { Refusals } from './refusals.ts';

export type KeeperParts = {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly metrics: OperatorMetrics;
  readonly refusals: Refusals;
  readonly fence: Fence;
  readonly log: Log;
  readonly tell: (note: ActEvent) => void;
};

/**
 * @returns whether something was written that had been refused before, or else whether something is refused that was not
 * @throws KubeError what is no judgement of one object; what was written before is told all the same
 */
export async function keepUp(
  cluster: RaftCluster,
  upkeep: readonly Upkeep[],
  { api, clock, metrics, refusals, fence, log, tell }: KeeperParts,
): Promise<'Allowed' | 'Refused' | null> {
  const key = `${cluster.metadata.namespace}/${cluster.metadata.name}`;
  const done: Upkeep[] = [];
  let [isRefused, isAllowed] = [false, false];
  // After one for which the API server took too long, the others wait for the next pass: they could take as long, and this
  // pass would never come to its act.
  let slow: RefusedWrite | null = null;
  try {
    for (const one of upkeep) {
      const { kind, name } = objectOf(one);
      const { verb } = one;
      if (slow !== null) {
        const untried = { ...objectOf(one), words: `not tried after ${slow.words}`, advice: slow.advice };
        isRefused = refusals.note(key, one, untried, clock.nowMs()) || isRefused;
        continue;
      }
      log.write('info', 'write_child', { verb, kind, name });
      metrics.childWrites.inc({ verb, kind });
      try {
        await carryOut(one, cluster, { api, fence, nowMs: clock.wallMs() });
      } catch (error) {
        const refused = refusalOf(one, error);
        if (refused === null) throw error;
        log.write('warn', 'write_refused', { verb, kind, name, message: (error as Error).message });
        metrics.reconcileErrors.inc({ error: errorCode(error) });
        tell(refusedWriteNote(refused));
        isRefused = refusals.note(key, one, refused, clock.nowMs()) || isRefused;
        if (isKubeError(error, 'Timeout')) slow = refused;
        continue;
      }
      done.push(one);
      isAllowed = refusals.written(key, one) || isAllowed;
    }
  } finally {
    for (const note of upkeepNotes(done)) tell(note);
  }
  if (isAllowed) return 'Allowed';
  return isRefused ? 'Refused' : null;
}
