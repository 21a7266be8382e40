/** One leader among processes, on the lock of `lock.ts`; `lead` runs while this one leads. */
import type { Client } from './client.ts';
import { acquireLock, type Lock, type LockOptions } from './lock.ts';

/**
 * Waits to be elected under `name`, runs `lead`, resigns. `lead` must stop when `lock.lost` is aborted, and guard its
 * writes by `lock.fence`: between the two another leader may be at work already.
 */
export async function campaign<T>(
  client: Client,
  name: string,
  lead: (lock: Lock) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const lock = await acquireLock(client, name, options);
  try {
    return await lead(lock);
  } finally {
    await lock.unlock();
  }
}
