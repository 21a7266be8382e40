/** Waits for something that cannot be broken off, for as long as the caller does. */
import type { Call } from './call.ts';

/** Rejects with the reason of the call's signal. */
export async function untilAborted<T>(waiting: Promise<T>, call: Call): Promise<T> {
  const { signal } = call;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([waiting, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
