/** A client that watches all keys, slowly at times, and goes on elsewhere when its member is gone. */
import type { Watch } from '../../node/server/types.ts';
import { call, sleep } from './calls.ts';
import type { Cluster } from './cluster.ts';
import type { Random } from './random.ts';
import { ALL_KEYS } from './workload.ts';

export class Watcher {
  isStopped = false;
  /** Takes what comes at once. */
  isEager = false;
  /** Everything through this revision has been delivered. */
  seenRevision = 0;
  readonly #cluster: Cluster;
  readonly #random: Random;

  constructor(cluster: Cluster, name: string) {
    this.#cluster = cluster;
    this.#random = cluster.random.fork(`watcher ${name}`);
  }

  async run(): Promise<void> {
    while (!this.isStopped) {
      await this.#watchOne();
      await sleep(this.#cluster.world, this.#random.between(1, 300));
    }
  }

  async #watchOne(): Promise<void> {
    const { world, observers } = this.#cluster;
    const machine = this.#cluster.someMachine(this.#random);
    const startRevision = this.seenRevision === 0 ? 0 : this.seenRevision + 1;
    const opened = await call(world, machine, PATIENCE_MS, (member) =>
      member.watch({ ...ALL_KEYS, startRevision, returnPrevious: false }),
    );
    world.trace.add(
      `watch ${machine.name} from ${startRevision}: ${opened.kind === 'Answered' ? opened.value.revision : opened.code}`,
    );
    if (opened.kind !== 'Answered') return;
    const watch = opened.value;
    if (startRevision === 0) this.seenRevision = watch.revision;
    const iterator = watch[Symbol.asyncIterator]();
    const { process } = machine;
    while (!this.isStopped) {
      if (machine.process !== process) return this.#ended(watch, 'connection lost', startRevision);
      const next = await call(world, machine, PATIENCE_MS, () => iterator.next());
      if (next.kind !== 'Answered') return this.#ended(watch, next.code, startRevision);
      if (next.value.done) return;
      const batch = next.value.value;
      observers.oracle.watched(ALL_KEYS, this.seenRevision, batch);
      world.count('watch batches');
      this.seenRevision = Math.max(this.seenRevision, batch.revision);
      if (!this.isEager && this.#random.chance(0.1)) await sleep(world, this.#random.between(0, 2_000));
      if (!this.isEager && this.#random.chance(0.02)) return watch.close();
    }
    watch.close();
  }

  #ended(watch: Watch, code: string, startRevision: number): void {
    watch.close();
    this.#cluster.world.trace.add(`watch from ${startRevision} ended at ${this.seenRevision}: ${code}`);
    if (code !== 'compacted') return;
    const { world, observers } = this.#cluster;
    const { compactedRevision } = observers.oracle.model;
    world.check(
      this.seenRevision < compactedRevision,
      () => `a watch from ${startRevision} that had seen ${this.seenRevision} was said to be compacted`,
    );
    this.seenRevision = 0;
  }
}

const PATIENCE_MS = 3_000;
