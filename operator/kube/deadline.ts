/** The end of a request: its time, or its caller's signal. */
import { KubeError } from './errors.ts';
import type { Clock } from './types.ts';

export interface Deadline {
  /** Aborts with a KubeError. */
  readonly signal: AbortSignal;
  readonly endMs: number;
  /** Must be called: a timer and a listener hang on it. */
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
