/** Ends a request at its deadline or when its caller aborts, whichever is first. */
import { KubeError } from './errors.ts';
import type { Clock } from './types.ts';

export interface Deadline {
  /** Aborts with a KubeError as its reason: `Timeout` or `Aborted`. */
  readonly signal: AbortSignal;
  /** Monotonic time (Clock.nowMs) of the deadline. */
  readonly endMs: number;
  /** Must be called when the request ends; otherwise its timer and its listener on the caller's signal leak. */
  close(): void;
}

export function startDeadline(
  clock: Clock,
  durationMs: number,
  caller: AbortSignal | undefined,
  description: string,
): Deadline {
  const controller = new AbortController();
  const timer = clock.after(durationMs, () => {
    controller.abort(new KubeError('Timeout', `${description}: no answer within ${durationMs / 1000} s`));
  });
  const giveUp = () => controller.abort(new KubeError('Aborted', `${description}: given up`));
  if (caller?.aborted) giveUp();
  else caller?.addEventListener('abort', giveUp);
  return {
    signal: controller.signal,
    endMs: clock.nowMs() + durationMs,
    close: () => {
      timer.cancel();
      caller?.removeEventListener('abort', giveUp);
    },
  };
}
