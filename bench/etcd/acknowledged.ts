/** Proves after each round that what was acknowledged is there, on every member, the one that was killed too. */
import { until } from '../../test/processes/local-cluster.ts';
import type { Load } from './loads.ts';
import { type MemberProcess, type RunningCluster, withClient } from './member-process.ts';

const PAGE_KEYS = 10_000;

export class Acknowledged {
  readonly #keys = new Set<string>();
  #sequential = 0;

  /** @param failures requests of it whose fate is unknown: which they were, `benchmark` does not say */
  add({ name, fillsKeys, total }: Load, failures: number): void {
    if (!fillsKeys) return;
    if (failures > 0)
      throw new Error(`${failures} of ${total} requests of ${name} failed: there is nothing to compare`);
    this.#sequential = Math.max(this.#sequential, total);
  }

  addKeys(keys: readonly string[]): void {
    for (const key of keys) this.#keys.add(Buffer.from(key).toString('latin1'));
  }

  /** @throws Error when a key is missing */
  async check(cluster: RunningCluster): Promise<number> {
    const expected = new Set(this.#keys);
    for (let n = 0; n < this.#sequential; n++) expected.add(sequentialKey(n));
    for (const member of cluster.members) {
      const missing = new Set(expected);
      await until(`${member.endpoint} to catch up`, () => hasCaughtUp(member));
      await withClient(member, async ({ kv }) => {
        let key = Buffer.from([0]);
        for (let more = true; more; ) {
          const page = await kv.range({ key, range_end: Buffer.from([0]), limit: PAGE_KEYS, keys_only: true });
          for (const { key: found } of page.kvs) missing.delete(found.toString('latin1'));
          more = page.more;
          if (more) key = Buffer.concat([page.kvs.at(-1)!.key, Buffer.from([0])]);
        }
      });
      if (missing.size > 0) {
        throw new Error(`${missing.size} of ${expected.size} acknowledged keys are missing at ${member.endpoint}`);
      }
    }
    return expected.size;
  }
}

/** A linearizable read is answered once what was committed before it is there. */
async function hasCaughtUp(member: MemberProcess): Promise<true | null> {
  return withClient(member, ({ kv }) => kv.range({ key: Buffer.from([0]) })).then(
    () => true,
    () => null,
  );
}

/** As `benchmark` makes the n-th: a zigzag varint in 8 bytes, as a string of latin1. */
export function sequentialKey(n: number): string {
  const key = Buffer.alloc(8);
  let rest = n * 2;
  for (let i = 0; ; i++) {
    key[i] = rest % 128;
    rest = Math.floor(rest / 128);
    if (rest === 0) return key.toString('latin1');
    key[i]! |= 128;
  }
}
