/** The parts of the operator, put together; it acts from when it leads until it is stopped. */
import type { RaftCluster } from './api/types.ts';
import { type OperatorCaches, onClusterChange } from './caches.ts';
import { decide } from './decide/decide.ts';
import type { Events } from './kube/events.ts';
import type { Clock, KubeApi, Leadership, Random } from './kube/types.ts';
import { WorkQueue } from './kube/work-queue.ts';
import type { Log } from './logging.ts';
import { MemberAccess } from './member-access.ts';
import type { OperatorMetrics } from './metrics.ts';
import { queueObserver } from './observers.ts';
import { Pulse } from './pulse.ts';
import { Reconciler } from './reconcile.ts';
import { templateHash } from './resources/pod-template.ts';
import { statusOf } from './status/status-of.ts';

export type OperatorParts = {
  readonly api: KubeApi;
  readonly caches: OperatorCaches;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: OperatorMetrics;
  readonly events: Events;
  readonly image: string;
  /** The one namespace that it looks after; null when it looks after all. */
  readonly namespace: string | null;
  readonly workers: number;
  /** Whether the chart brings the alerts of all members; see `MonitoringContext`. */
  readonly chartBringsAlerts: boolean;
};

/** Changes come in flocks, as when a pod starts: one pass looks at them all. */
const COALESCE_MS = 20;

export class Operator {
  readonly #parts: OperatorParts;
  readonly #access: MemberAccess;
  readonly #pulse: Pulse;
  readonly #queue: WorkQueue;
  /** Keys that wait for a worker, and since when. */
  readonly #waitingSince = new Map<string, number>();

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    const { api, caches, clock, random, log, metrics, leadership, image } = parts;
    this.#access = new MemberAccess(api, caches, clock);
    const membersOf = (cluster: RaftCluster) => this.#access.membersOf(cluster);
    const reconciler = new Reconciler({
      ...parts,
      watchedNamespace: parts.namespace,
      observer: {
        clock,
        operatorImage: image,
        templateHashes: (cluster) => hashesOf(cluster, image),
        membersOf,
        monitoring: () => ({
          hasPodMonitors: caches.podMonitors !== null,
          hasPrometheusRules: caches.prometheusRules !== null,
          hasGrafanaDashboards: caches.grafanaDashboards !== null,
          chartBringsAlerts: parts.chartBringsAlerts,
        }),
      },
      decide,
      statusOf,
      forget: (key) => {
        this.#access.forget(key);
        this.#pulse.forget(key);
      },
    });
    const observer = queueObserver(metrics, log);
    this.#queue = new WorkQueue({
      worker: (key) => reconciler.pass(key),
      workers: parts.workers,
      clock,
      random,
      observer: {
        ...observer,
        started: (key, waitedMs) => {
          this.#waitingSince.delete(key);
          observer.started(key, waitedMs);
        },
      },
    });
    const isLeader = () => leadership.isLeader;
    this.#pulse = new Pulse({ clock, caches, membersOf, isLeader, changed: (key) => this.#changed(key) });
    onClusterChange(caches, (key) => this.#changed(key));
  }

  /** For how long the RaftCluster that came first has been waiting for a worker; 0 when none waits. */
  get oldestWaitMs(): number {
    const [since] = this.#waitingSince.values();
    return since === undefined ? 0 : this.#parts.clock.nowMs() - since;
  }

  /** Begins to act: every RaftCluster that there is gets a pass. */
  lead(): void {
    for (const { metadata } of this.#parts.caches.clusters.list()) {
      this.#changed(`${metadata.namespace}/${metadata.name}`);
    }
    this.#pulse.start();
  }

  /** Stops acting; its promise resolves when the last pass has ended. */
  async stop(): Promise<void> {
    this.#pulse.stop();
    await this.#queue.shutDown();
    await this.#access.close();
  }

  #changed(key: string): void {
    if (!this.#parts.leadership.isLeader) return;
    if (!this.#waitingSince.has(key)) this.#waitingSince.set(key, this.#parts.clock.nowMs());
    this.#queue.addAfter(key, COALESCE_MS);
  }
}

function hashesOf(cluster: RaftCluster, operatorImage: string): { Voters: string; Readers: string } {
  const image = cluster.status.image ?? cluster.spec.image ?? operatorImage;
  return { Voters: templateHash(cluster, { image }, 'Voters'), Readers: templateHash(cluster, { image }, 'Readers') };
}
