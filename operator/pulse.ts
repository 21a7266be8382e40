/**
 * Asks one member of each cluster every second who leads: an election is no event in Kubernetes, and the leader's Service
 * must follow it. A follower is asked, as it outlives its leader.
 */
import { labels } from './api/names.ts';
import type { RaftCluster } from './api/types.ts';
import type { Clock, Timer } from './kube/types.ts';
import type { Members } from './members/types.ts';
import { readCluster } from './observe/cluster-kind.ts';
import type { Caches } from './observe/source.ts';

export type PulseParts = {
  readonly clock: Clock;
  readonly caches: Caches;
  membersOf(cluster: RaftCluster): Promise<Members>;
  readonly isLeader: () => boolean;
  /** Something has changed among the members of this RaftCluster. */
  readonly changed: (key: string) => void;
};

const PERIOD_MS = 1000;

export class Pulse {
  readonly #parts: PulseParts;
  /** By RaftCluster: what was heard last. */
  readonly #heard = new Map<string, string>();
  readonly #asking = new Set<string>();
  #timer: Timer | null = null;

  constructor(parts: PulseParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.after(PERIOD_MS, () => {
      this.#beat();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  forget(key: string): void {
    this.#heard.delete(key);
  }

  #beat(): void {
    const { caches, isLeader } = this.#parts;
    if (!isLeader()) return;
    for (const object of caches.clusters.list()) {
      const { namespace = '', name } = object.metadata;
      const key = `${namespace}/${name}`;
      if (object.status?.hasFormed !== true || this.#asking.has(key)) continue;
      const pod = this.#podToAsk(namespace, name, object.status.leader);
      if (pod === null) continue;
      this.#asking.add(key);
      void this.#ask(key, pod, object).finally(() => this.#asking.delete(key));
    }
  }

  async #ask(key: string, pod: string, object: Parameters<typeof readCluster>[0]): Promise<void> {
    const heard = await this.#hear(pod, object);
    if (this.#heard.get(key) === heard) return;
    const isFirst = !this.#heard.has(key);
    this.#heard.set(key, heard);
    if (!isFirst) this.#parts.changed(key);
  }

  async #hear(pod: string, object: Parameters<typeof readCluster>[0]): Promise<string> {
    try {
      const members = await this.#parts.membersOf(readCluster(object));
      const status = await members.status(pod);
      const { cluster_id, state, leader = 0, config_index = 0 } = status;
      return `${cluster_id} ${state} ${leader} ${config_index}`;
    } catch {
      return 'silence';
    }
  }

  #podToAsk(namespace: string, cluster: string, leader: string | undefined): string | null {
    const running = this.#parts.caches.pods
      .list(namespace)
      .filter(({ metadata, status }) => metadata.labels?.[labels.cluster] === cluster && status?.phase === 'Running')
      .map(({ metadata }) => metadata.name)
      .sort();
    return running.find((name) => name !== leader) ?? running[0] ?? null;
  }
}
