/**
 * `GET /prestop`, for the kubelet's preStop hook: answered when the pod may be stopped. It only waits; that leadership
 * goes to another member first is the business of the stop itself (SIGTERM), which also comes where there is no hook.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiStatus } from '../../client/types.ts';
import type { Drain } from './drain.ts';

export type PrestopOptions = {
  readonly status: () => Promise<ApiStatus>;
  readonly drain: Drain;
  /** Longest wait; the pod's grace period must be longer, by what the stop takes. 0 never waits. */
  readonly timeoutMs: number;
  /** Shortest wait: a Service goes on sending until every node has heard that this pod is going. */
  readonly drainMs: number;
};

export type PrestopAnswer = { readonly waited_ms: number; readonly quorum_critical: boolean };

/** The stop follows at once or never: after this long the member is ready again, whoever it was that asked. */
const takeBackAfterMs = 10_000;
const lookEveryMs = 100;

/** @param signal of whoever asked: nobody waits for somebody who has gone */
export async function prestop(options: PrestopOptions, signal: AbortSignal): Promise<PrestopAnswer> {
  const { drain, timeoutMs, status } = options;
  const startedMs = performance.now();
  const waitedMs = (): number => performance.now() - startedMs;
  const takeBack = drain.begin();
  try {
    const shortestMs = Math.min(options.drainMs, timeoutMs);
    const looksCritical = async (): Promise<boolean> => !drain.isTogether && mustWait(await status());
    let isCritical = await looksCritical();
    while (waitedMs() < (isCritical ? timeoutMs : shortestMs) && !signal.aborted) {
      await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
      isCritical = await looksCritical();
    }
    return { waited_ms: Math.round(waitedMs()), quorum_critical: isCritical };
  } finally {
    setTimeout(takeBack, takeBackAfterMs).unref();
  }
}

/**
 * Whether the cluster needs this member for its quorum now, and others may come back and free it. Of one or two voters
 * each is needed at any time: to wait would only make every restart longer.
 */
export function mustWait({ quorum_critical, members = [], leaving = [] }: ApiStatus): boolean {
  if (quorum_critical !== true) return false;
  const voters = members.filter(({ role }) => role === 'Voter').length;
  return voters > 2 || leaving.length > 2;
}
