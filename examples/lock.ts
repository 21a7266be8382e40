/**
 * A lock with a fencing revision. A lock alone cannot keep two writers apart: a holder that was paused for too long does
 * not know that its time is over. So what the lock protects checks the fence with each write, and an old holder's
 * write is refused.
 *
 *     node examples/lock.ts Alice & node examples/lock.ts Bob
 */
import { acquireLock, type Client, compare, createClient, type Lock, operation } from 'quorate/client';
import { endpoints } from './endpoints.ts';

const ACCOUNT = 'account';

/** True when it was written: the lock was still ours at that very revision. */
async function writeUnderLock(client: Client, lock: Lock, value: string): Promise<boolean> {
  const { succeeded } = await client.txn({
    if: [compare.createRevision(lock.key, '=', lock.fence)],
    then: [operation.put(ACCOUNT, value)],
  });
  return succeeded;
}

const name = process.argv[2] ?? 'Alice';
const client = createClient({ endpoints });

const lock = await acquireLock(client, 'locks/account', { ttlSeconds: 5, value: name });
console.log(`${name} holds the lock, fence ${lock.fence}`);
const balance = Number((await client.get(ACCOUNT))?.value ?? 0);
console.log(
  `${name} writes ${balance + 10}: ${(await writeUnderLock(client, lock, String(balance + 10))) ? 'done' : 'refused'}`,
);
await lock.unlock();
console.log(`${name} writes without the lock: ${(await writeUnderLock(client, lock, '-1')) ? 'done' : 'refused'}`);
