/** The operator as a process: runs until a signal, or until the lease is lost. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ConfigError, type Environment, type Flags } from '../node/config/parse-config.ts';
import { VERSION } from '../node/version.ts';
import { type OperatorCaches, startCaches } from './caches.ts';
import { collectCaches, collectClusters } from './collect.ts';
import { type OperatorConfig, parseOperatorConfig } from './config.ts';
import { type HealthServer, startHealthServer } from './health-server.ts';
import { HttpKubeApi } from './kube/api.ts';
import type { ApiServer } from './kube/api-server.ts';
import { pause, systemClock } from './kube/clock.ts';
import { Events } from './kube/events.ts';
import { inClusterApiServer } from './kube/in-cluster.ts';
import { podKind } from './kube/kinds.ts';
import { kubeconfigApiServer, kubeconfigFiles } from './kube/kubeconfig.ts';
import { LeaderElection } from './kube/leader-election.ts';
import type { KubeApi, Leadership } from './kube/types.ts';
import { createLog, type Log } from './logging.ts';
import { createOperatorMetrics, type OperatorMetrics } from './metrics.ts';
import { cacheObserver, electionObserver, eventsObserver, requestObserver } from './observers.ts';
import { Operator } from './operator.ts';

/** Exit codes, for whoever supervises the process. */
const CLEAN_STOP = 0;
const LEASE_LOST = 75;

/** How long the end of the process waits for events that are still to be written. */
const LAST_EVENTS_MS = 2000;
/** How long it waits, when it starts, for an API server that does not answer. */
const START_AGAIN_MS = 2000;
/** Bookmarks come every half minute at least: so much silence of a kind is no quiet. */
const SILENCE_MS = 180_000;

/** A pass that writes reads about ten objects and lists anew, and many clusters may want one at once. */
const REQUEST_RATE = { perSecond: 100, burst: 200 };

/** While it lasts, this is the only operator by the word of whoever switched the election off. */
const always: Leadership = { isLeader: true, validUntilMs: Number.POSITIVE_INFINITY };

/**
 * Runs until SIGTERM or SIGINT, then stops cleanly and hands the lease back; or until the lease is lost.
 *
 * @returns the exit code
 * @throws ConfigError, also when it cannot find its API server or its image; Error of the system when it cannot listen
 */
export async function runOperator(flags: Flags, env: Environment): Promise<number> {
  const config = parseOperatorConfig(flags, env);
  const log = createLog(config.logLevel);
  const stopping = new AbortController();
  const ending = Promise.withResolvers<number>();
  const stop = (): void => {
    ending.resolve(CLEAN_STOP);
    stopping.abort();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const server = await findApiServer(config, env);
  // What waits for the API server waits on timers that keep no process alive.
  const alive = setInterval(() => undefined, 2 ** 30);
  try {
    return await new Process(config, server, env, log, stopping.signal).run(ending.promise);
  } finally {
    clearInterval(alive);
    log.write('info', 'stopped');
    log.flush();
  }
}

class Process {
  readonly #config: OperatorConfig;
  readonly #env: Environment;
  readonly #server: ApiServer;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #metrics: OperatorMetrics = createOperatorMetrics();
  readonly #identity: string;
  #caches: OperatorCaches | null = null;
  #leadership: Leadership | null = null;
  #operator: Operator | null = null;

  constructor(config: OperatorConfig, server: ApiServer, env: Environment, log: Log, signal: AbortSignal) {
    this.#config = config;
    this.#server = server;
    this.#env = env;
    this.#log = log;
    this.#signal = signal;
    this.#identity = `${env['POD_NAME'] || hostname()}-${randomUUID().slice(0, 8)}`;
  }

  async run(ended: Promise<number>): Promise<number> {
    const health = await this.#serveHealth();
    const api = this.#newApi();
    // An API server that has no time for events holds their requests back, and those of nobody else.
    const apiForEvents = this.#newApi();
    const events = this.#newEvents(apiForEvents);
    let election: LeaderElection | null = null;
    try {
      const image = this.#config.image ?? (await this.#untilAnswered(() => ownImage(api, this.#server, this.#env)));
      const caches = await this.#untilAnswered(() => this.#startCaches(api));
      if (image === null || caches === null) return await ended;
      this.#caches = caches;
      await Promise.race([Promise.all(caches.all.map(({ synced }) => synced)), ended]);
      if (this.#signal.aborted) return await ended;
      election = this.#config.leaderElection ? this.#startElection() : null;
      this.#leadership = election ?? always;
      this.#operator = this.#newOperator(api, caches, events, image, this.#leadership);
      this.#log.write('info', 'started', {
        version: VERSION.quorate,
        image,
        namespace: this.#config.namespace ?? 'all',
      });
      if (this.#leadership.isLeader) this.#lead();
      return await ended;
    } finally {
      await this.#operator?.stop();
      await election?.release();
      await events.stop(LAST_EVENTS_MS);
      await Promise.all(this.#caches?.all.map((cache) => cache.stop()) ?? []);
      await Promise.all([api.close(), apiForEvents.close(), health.close()]);
    }
  }

  #newApi(): HttpKubeApi {
    const observer = requestObserver(this.#metrics);
    return new HttpKubeApi({
      server: this.#server,
      clock: systemClock,
      userAgent: `quorate-operator/${VERSION.quorate}`,
      rate: REQUEST_RATE,
      observer,
    });
  }

  #newEvents(api: KubeApi): Events {
    return new Events({
      api,
      clock: systemClock,
      random: Math.random,
      controller: 'quorate.dev/operator',
      instance: this.#identity,
      observer: eventsObserver(this.#metrics, this.#log),
    });
  }

  #startCaches(api: KubeApi): Promise<OperatorCaches> {
    return startCaches({
      api,
      clock: systemClock,
      random: Math.random,
      namespace: this.#config.namespace,
      observer: cacheObserver(this.#metrics, this.#log),
    });
  }

  #startElection(): LeaderElection {
    const { leaseName, leaseNamespace } = this.#config;
    return new LeaderElection({
      api: this.#newApi(),
      clock: systemClock,
      random: Math.random,
      lease: { namespace: leaseNamespace ?? this.#server.namespace, name: leaseName },
      identity: this.#identity,
      onStarted: () => this.#lead(),
      onLost: (why) => {
        // What is under way carries the end of the leadership with it; nothing else may begin.
        this.#log.write('error', 'lease_lost', { why });
        this.#log.flush();
        process.exit(LEASE_LOST);
      },
      observer: electionObserver(this.#metrics, this.#log),
    });
  }

  #newOperator(api: KubeApi, caches: OperatorCaches, events: Events, image: string, leadership: Leadership): Operator {
    const { namespace, workers, chartAlerts } = this.#config;
    return new Operator({
      api,
      caches,
      leadership,
      clock: systemClock,
      random: Math.random,
      log: this.#log,
      metrics: this.#metrics,
      events,
      image,
      namespace,
      workers,
      chartBringsAlerts: chartAlerts,
    });
  }

  #lead(): void {
    this.#log.write('info', 'leading', { identity: this.#identity });
    this.#operator?.lead();
  }

  #serveHealth(): Promise<HealthServer> {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(this.#config.listen) ?? [];
    return startHealthServer(host, Number(port), {
      notReady: () => this.#notReady(),
      metrics: async () => {
        const { registry } = this.#metrics;
        this.#collect();
        return { contentType: registry.contentType, text: await registry.metrics() };
      },
    });
  }

  #collect(): void {
    if (this.#caches === null) return;
    collectClusters(this.#metrics, this.#caches, this.#leadership?.isLeader ?? false);
    collectCaches(this.#metrics, this.#caches.all, systemClock.nowMs());
    this.#metrics.queueOldestSeconds.set((this.#operator?.oldestWaitMs ?? 0) / 1000);
  }

  #notReady(): string | null {
    if (this.#caches === null) return 'the API server has not answered yet';
    const behind = this.#caches.all.find(({ hasSynced }) => !hasSynced);
    if (behind !== undefined) return `${behind.kind.plural} have not been listed yet`;
    const nowMs = systemClock.nowMs();
    const silent = this.#caches.all.find(({ lastContactMs }) => nowMs - lastContactMs > SILENCE_MS);
    return silent === undefined ? null : `the API server says nothing of ${silent.kind.plural}`;
  }

  /** Null when it was stopped before that. */
  async #untilAnswered<T>(ask: () => Promise<T>): Promise<T | null> {
    while (!this.#signal.aborted) {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof ConfigError) throw error;
        this.#log.write('warn', 'api_server_not_answering', { message: (error as Error).message });
        await pause(systemClock, START_AGAIN_MS, this.#signal);
      }
    }
    return null;
  }
}

/** @throws ConfigError */
async function findApiServer({ kubeconfig, context }: OperatorConfig, env: Environment): Promise<ApiServer> {
  try {
    const inside =
      kubeconfig === null && context === null ? await inClusterApiServer({ clock: systemClock, env }) : null;
    if (inside !== null) return inside;
    const files = kubeconfig === null ? kubeconfigFiles(env) : [kubeconfig];
    return await kubeconfigApiServer({ files, ...(context === null ? {} : { context }) });
  } catch (error) {
    throw new ConfigError([`cannot tell where the API server is: ${(error as Error).message}`]);
  }
}

/** @throws ConfigError, KubeError */
async function ownImage(api: KubeApi, server: ApiServer, env: Environment): Promise<string> {
  const name = env['POD_NAME'];
  if (!name) throw new ConfigError(['--image is needed where there is no POD_NAME: it is what clusters run']);
  const namespace = env['POD_NAMESPACE'] || server.namespace;
  const containers = (await api.get(podKind, { namespace, name }))?.spec?.containers ?? [];
  const own = containers.find(({ name: container }) => container === 'operator') ?? containers[0];
  if (own?.image === undefined)
    throw new ConfigError([`there is no pod ${namespace}/${name} to take the image from; give --image`]);
  return own.image;
}
