/**
 * Three generals agree on one time of attack. Each would like another; whoever is first decides, all the others learn
 * what was decided, and nobody ever sees two answers, whichever member each one asks and whichever of them is down.
 *
 *     node examples/three-generals.ts
 */
import { type Client, compare, createClient, operation } from 'quorate/client';
import { endpoints } from './endpoints.ts';

const KEY = `generals/${process.argv[2] ?? 'attack'}`;

async function agree(client: Client, wish: string): Promise<string> {
  const { succeeded, results } = await client.txn({
    if: [compare.absent(KEY)],
    then: [operation.put(KEY, wish)],
    else: [operation.get(KEY)],
  });
  if (succeeded) return wish;
  const [decided] = results;
  if (decided?.kind !== 'get') throw new Error('the transaction answers with what it was asked for');
  return decided.get.items[0]!.value;
}

const wishes = { Alice: 'dawn', Bob: 'noon', Carol: 'dusk' };
const generals = Object.entries(wishes).map(async ([name, wish], index) => {
  // Each talks to another member first.
  const client = createClient({ endpoints: [...endpoints.slice(index), ...endpoints.slice(0, index)] });
  return `${name} wishes ${wish} and attacks at ${await agree(client, wish)}`;
});
for (const line of await Promise.all(generals)) console.log(line);
