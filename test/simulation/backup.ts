/** A backup that is taken under load, as `GET /v1/snapshot` gives it: one stream that got to its end. */
import type { SnapshotHeader } from '../../node/storage/types.ts';
import { call, sleep } from './calls.ts';
import type { Cluster } from './cluster.ts';
import type { Random } from './random.ts';

const PATIENCE_MS = 6_000;

export class Backup {
  content: { readonly header: SnapshotHeader; readonly bytes: Buffer } | null = null;
  readonly #cluster: Cluster;
  readonly #random: Random;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#random = cluster.world.random.fork('backup');
  }

  async run(): Promise<void> {
    const { world, plan } = this.#cluster;
    await sleep(world, this.#random.between(0.2, 0.9) * plan.durationMs);
    while (this.content === null) {
      const machine = this.#cluster.someMachine(this.#random);
      const answer = await call(world, machine, PATIENCE_MS, async (member) => {
        const source = await member.openSnapshot();
        try {
          const chunks: Buffer[] = [];
          for await (const chunk of source.chunks(0)) chunks.push(chunk);
          return { header: source.header, bytes: Buffer.concat(chunks) };
        } finally {
          await source.close();
        }
      });
      world.trace.add(
        `backup of ${machine.name}: ${answer.kind === 'Answered' ? answer.value.header.index : answer.code}`,
      );
      if (answer.kind === 'Answered') this.content = answer.value;
      else await sleep(world, this.#random.between(0, 100));
    }
  }
}
