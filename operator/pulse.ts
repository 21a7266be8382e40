/**
 * Asks one member of each cluster every second who leads: an election is no event in Kubernetes, and the leader's Service
 * must follow it. A follower is asked, as it outlives its leader.
 */
import { labels } from './api/names.ts';
import type { RaftCluster } from './api/types.ts';
import type { Clock, Stored, Timer } from './kube/types.ts';
import type { Members } from './members/types.ts';
import { type RaftClusterObject, readCluster } from './observe/cluster-kind.ts';
import type { Caches } from './observe/source.ts';

export type PulseParts = {
  readonly clock: Clock;
  readonly caches: Caches;
  membersOf(cluster: RaftCluster): Promise<Members>;
  readonly isLeader: () => boolean;
  /** Called when something has changed among the members of this RaftCluster. */
  readonly changed: (key: string) => void;
};

const PERIOD_MS = 1000;

export class Pulse {
  readonly #parts: PulseParts;
  /** What was heard last from each RaftCluster. */
  readonly #heard = new Map<string, string>();
  readonly #asking = new Set<string>();
  /** Parsed RaftClusters by the object of the cache, which is replaced at each change: no spec is parsed every second. */
  readonly #read = new WeakMap<Stored<RaftClusterObject>, RaftCluster>();
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
    const running = this.#runningPods();
    for (const object of caches.clusters.list()) {
      const { namespace = '', name } = object.metadata;
      const key = `${namespace}/${name}`;
      if (object.status?.hasFormed !== true || this.#asking.has(key)) continue;
      const { leader } = object.status;
      const pods = running.get(key) ?? [];
      const pod = pods.find((podName) => podName !== leader) ?? pods[0];
      if (pod === undefined) continue;
      this.#asking.add(key);
      void this.#ask(key, pod, object).finally(() => this.#asking.delete(key));
    }
  }

  async #ask(key: string, pod: string, object: Stored<RaftClusterObject>): Promise<void> {
    const heard = await this.#hear(pod, object);
    if (this.#heard.get(key) === heard) return;
    const isFirst = !this.#heard.has(key);
    this.#heard.set(key, heard);
    if (!isFirst) this.#parts.changed(key);
  }

  async #hear(pod: string, object: Stored<RaftClusterObject>): Promise<string> {
    try {
      const members = await this.#parts.membersOf(this.#clusterOf(object));
      const status = await members.status(pod);
      const { cluster_id, state, leader = 0, config_index = 0 } = status;
      return `${cluster_id} ${state} ${leader} ${config_index}`;
    } catch {
      return 'silence';
    }
  }

  /** @throws SpecNotUnderstood */
  #clusterOf(object: Stored<RaftClusterObject>): RaftCluster {
    const known = this.#read.get(object);
    if (known !== undefined) return known;
    const cluster = readCluster(object);
    this.#read.set(object, cluster);
    return cluster;
  }

  /** The names of running pods by RaftCluster, sorted. One walk over all pods is cheaper than one for each cluster. */
  #runningPods(): ReadonlyMap<string, readonly string[]> {
    const running = new Map<string, string[]>();
    for (const { metadata, status } of this.#parts.caches.pods.list()) {
      const cluster = metadata.labels?.[labels.cluster];
      if (cluster === undefined || status?.phase !== 'Running') continue;
      const key = `${metadata.namespace}/${cluster}`;
      const names = running.get(key);
      if (names === undefined) running.set(key, [metadata.name]);
      else names.push(metadata.name);
    }
    for (const names of running.values()) names.sort();
    return running;
  }
}
