/**
 * A counter that several terminals raise at once and that loses no step: each write says which revision it has read,
 * and is refused when another was first.
 *
 *     node examples/counter.ts 100        in three terminals
 */
import { type Client, createClient, QuorateError } from 'quorate/client';
import { endpoints } from './endpoints.ts';

const KEY = 'counter';

async function increment(client: Client): Promise<number> {
  for (;;) {
    const present = await client.get(KEY);
    const next = Number(present?.value ?? 0) + 1;
    try {
      await client.put(KEY, String(next), present === null ? { ifAbsent: true } : { ifRevision: present.modRevision });
      return next;
    } catch (error) {
      if (!(error instanceof QuorateError) || error.code !== 'precondition_failed') throw error;
    }
  }
}

const steps = Number(process.argv[2] ?? 100);
const client = createClient({ endpoints });
let last = 0;
for (let step = 0; step < steps; step++) last = await increment(client);
console.log(`raised it ${steps} times; it stands at ${last}`);
