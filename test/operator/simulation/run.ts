/**
 * One seeded run: the real observing, deciding and acting against a simulated API server and modelled members, with stale
 * caches, faults, changes of mind, operators that are killed after any write or stopped before one and revived beside
 * their successor. Then nothing more happens but what was asked for, and the cluster must become whole and stay still.
 */
import type { ApiMember } from '../../../client/types.ts';
import { labels } from '../../../operator/api/names.ts';
import { raftClusterSpec } from '../../../operator/api/spec.ts';
import type { RaftClusterSpecInput, RaftClusterStatus } from '../../../operator/api/types.ts';
import type { OperatorCaches } from '../../../operator/caches.ts';
import { decide as realDecide } from '../../../operator/decide/decide.ts';
import type { Decide } from '../../../operator/decide/testing/runs.ts';
import {
  endpointSliceKind,
  namespaceKind,
  nodeKind,
  persistentVolumeClaimKind,
  podDisruptionBudgetKind,
  podKind,
  secretKind,
  serviceKind,
  statefulSetKind,
  storageClassKind,
} from '../../../operator/kube/kinds.ts';
import type { Kind, KubeObject, Leadership } from '../../../operator/kube/types.ts';
import type { Log } from '../../../operator/logging.ts';
import { createOperatorMetrics } from '../../../operator/metrics.ts';
import { raftClusterKind } from '../../../operator/observe/cluster-kind.ts';
import { Reconciler } from '../../../operator/reconcile.ts';
import { templateHash } from '../../../operator/resources/pod-template.ts';
import { statusOf } from '../../../operator/status/status-of.ts';
import { BROKEN, Controllers } from './controllers.ts';
import { ModelMembers } from './model-members.ts';
import { copy, type Fields, ObjectStore } from './object-store.ts';
import { type Fault, Gate, SimApi } from './sim-api.ts';
import { StaleCache } from './stale-cache.ts';

const NAMESPACE = 'n';
const NAME = 'c';
const KEY = `${NAMESPACE}/${NAME}`;
const START_MS = Date.UTC(2030, 0, 1);
/** Steps with faults and changes of mind. */
const WILD_STEPS = 90;
const MOST_CALM_STEPS = 600;
const LEASE_MS = 10_000;
/** Passes in a row without a write, after which it is at rest. */
const STILL_PASSES = 4;
const SAME_APPLIES = 100;
/** Kinds that an admission webhook may refuse for a while. */
const refusable = ['Service', 'EndpointSlice', 'PodDisruptionBudget', 'StatefulSet', 'Secret', 'Pod'] as const;
type Refusable = (typeof refusable)[number];

const metrics = createOperatorMetrics();

export class SimulationFailure extends Error {}

/** @returns why it rests: `whole`, or the reason of the plan */
export async function simulate(seed: number, random: () => number, decide: Decide = realDecide): Promise<string> {
  const run = new Run(random, decide);
  try {
    await run.wild();
    return await run.calm();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SimulationFailure(`seed ${seed}: ${message}\n${run.trace.slice(-80).join('\n')}`, { cause: error });
  }
}

type Process = {
  readonly gate: Gate;
  readonly reconciler: Reconciler;
  readonly caches: readonly StaleCache<KubeObject>[];
  readonly leadership: { isLeader: boolean; validUntilMs: number };
};

class Run {
  readonly trace: string[] = [];
  readonly #log: Log = {
    write: (_, event, fields) => {
      this.trace.push(`  ${event} ${JSON.stringify(fields ?? {})}`);
      // An act of several calls that was broken off is made again as a whole, and told then.
      if (event === 'not_sent' || event === 'view_was_old') this.#written = [];
    },
    child: () => this.#log,
    flush: () => undefined,
  };
  readonly #random: () => number;
  readonly #decide: Decide;
  #nowMs = 0;
  /** The next pass that was asked for. */
  #dueMs = 0;
  readonly #members = new ModelMembers();
  readonly #store = new ObjectStore(() => new Date(START_MS + this.#nowMs).toISOString());
  readonly #controllers = new Controllers(this.#store, this.#members, () =>
    new Date(START_MS + this.#nowMs).toISOString(),
  );
  readonly #applied = new Map<string, Fields>();
  /** The last one leads. */
  readonly #processes: Process[] = [];
  /** Passes of processes that are stopped in the middle. */
  readonly #suspended: Promise<unknown>[] = [];
  /** Kinds that are refused, and until when. */
  readonly #refused = new Map<Refusable, number>();
  /** Kubernetes events, and what was written in this pass. */
  #events = 0;
  readonly #silent: string[] = [];
  #written: string[] = [];

  constructor(random: () => number, decide: Decide) {
    this.#random = random;
    this.#decide = decide;
    this.#store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    const replicas = this.#pick([1, 2, 3, 3, 5]);
    const spec: RaftClusterSpecInput = { replicas, image: 'a', tls: { peer: { mode: 'Disabled' } } };
    const { apiVersion, kind } = raftClusterKind;
    this.#store.create({
      apiVersion,
      kind,
      metadata: { name: NAME, namespace: NAMESPACE },
      spec: raftClusterSpec.parse(spec),
    });
    this.#startProcess(null);
  }

  async wild(): Promise<void> {
    let faults = 3;
    for (let step = 0; step < WILD_STEPS; step++) {
      this.#nowMs += this.#random() < 0.05 ? 400_000 : 500 + 3_000 * this.#random();
      for (const [kind, untilMs] of this.#refused) if (this.#nowMs >= untilMs) this.#refused.delete(kind);
      const chance = this.#random();
      if (chance < 0.35) this.#world();
      else if (chance < 0.85) await this.#pass();
      else if (chance < 0.9) this.#exchangeProcess();
      else if (chance < 0.94 && faults > 0) {
        faults -= 1;
        this.#fault();
      } else if (chance > 0.96) this.#edit();
      this.#hearSomething();
      this.#check();
    }
  }

  /** First a kind of object may be refused until there is nothing left to do, and all that does not depend on it is done. */
  async calm(): Promise<string> {
    this.#endFaults();
    this.#refused.clear();
    if (this.#random() < 0.6) {
      const kind = this.#pick(refusable);
      this.trace.push(`from here on nothing happens by itself, and each ${kind} is refused`);
      this.#refused.set(kind, Number.POSITIVE_INFINITY);
      this.#tamper(kind);
      this.#fault(this.#pick(['pod', 'damage', 'volume']));
      await this.#untilRest();
      this.#mustBeHealed(kind);
      this.#refused.clear();
    }
    this.trace.push('from here on nothing happens by itself, and nothing is refused');
    await this.#untilRest();
    const end = this.#mustBeWhole();
    // Of some runs: so many passes take as long as the run itself.
    if (end === 'whole' && this.#random() < 0.1) await this.#mustStayQuiet();
    return end;
  }

  /** The same manifest applied again and again gives nothing to write and nothing to say. */
  async #mustStayQuiet(): Promise<void> {
    const { gate } = this.#leader();
    const before = [gate.writes, this.#events];
    for (let times = 0; times < SAME_APPLIES; times++) {
      this.#nowMs += 20_000;
      this.#editSpec(copy(this.#spec()));
      await this.#pass();
    }
    const after = [gate.writes, this.#events];
    if (String(after) !== String(before)) throw new Error(`writes and events at rest: ${before} became ${after}`);
  }

  #endFaults(): void {
    for (const node of this.#controllers.deadNodes) this.#controllers.deadNodes.delete(node);
    if (this.#spec()['image'] === BROKEN) this.#editSpec({ image: 'a' });
  }

  async #untilRest(): Promise<void> {
    for (const { gate } of this.#processes) gate.paused?.resolve();
    await Promise.all(this.#suspended);
    this.#startProcess({ kind: 'Slow', atWrite: 1 + Math.floor(this.#random() * 12) });
    let still = 0;
    let seen = '';
    for (let step = 0; step < MOST_CALM_STEPS; step++) {
      this.#nowMs += 20_000;
      const { gate, caches } = this.#leader();
      const before = JSON.stringify([...this.#store.objects.values()]);
      this.#world();
      for (const cache of caches) cache.catchUp();
      // Only for what a watch tells, or when the last pass has asked for another: who is forgotten now stays as it is.
      const told = JSON.stringify([...this.#store.objects.values()]);
      if (told === seen && this.#nowMs < this.#dueMs) {
        if (this.#dueMs === Number.POSITIVE_INFINITY) return;
        continue;
      }
      seen = told;
      const { writes } = gate;
      const events = this.#events;
      await this.#pass();
      this.#check();
      const isStill = gate.writes === writes && JSON.stringify([...this.#store.objects.values()]) === before;
      still = isStill ? still + 1 : 0;
      if (isStill && this.#refused.size === 0 && this.#events > events && this.#isSteady()) {
        throw new Error('an event though nothing was written');
      }
      if (still >= STILL_PASSES && !this.#consented()) return;
    }
    throw new Error(`no rest: ${JSON.stringify(this.#status().plan)}`);
  }

  #world(): void {
    this.#controllers.step();
    this.#members.keepOnly(new Set(this.#store.list('PersistentVolumeClaim').map(({ metadata }) => metadata.uid)));
    this.#members.catchUp();
  }

  async #pass(): Promise<void> {
    const process = this.#leader();
    process.leadership.validUntilMs = this.#nowMs + LEASE_MS;
    const before = process.gate.writes;
    const events = this.#events;
    this.#written = [];
    // One that fails is tried again.
    this.#dueMs = this.#nowMs;
    const passing = process.reconciler.pass(KEY).then(
      ({ againAfterMs }) => {
        this.#dueMs = this.#nowMs + (againAfterMs ?? Number.POSITIVE_INFINITY);
        // An election is told with the status, and the endpoint of the leader's Service just follows it.
        const told = this.#written.filter((what) => what !== 'status' && what !== 'EndpointSlice');
        if (told.length > 0 && this.#events === events) this.#silent.push(...told);
      },
      (error: unknown) =>
        void this.trace.push(`pass failed: ${error instanceof Error ? error.message : String(error)}`),
    );
    const stopped = await this.#untilDoneOrPaused(passing, process.gate);
    const { plan } = this.#status();
    this.trace.push(`pass: ${process.gate.writes - before} writes; ${plan?.action} ${plan?.subject}: ${plan?.reason}`);
    if (stopped) this.#suspended.push(passing);
    if (process.gate.isDead || stopped) {
      this.trace.push(process.gate.isDead ? 'the operator was killed' : 'the operator was stopped before a write');
      process.leadership.isLeader = false;
      this.#startProcess(this.#newFault());
    }
  }

  /** True when it was stopped before a write. */
  async #untilDoneOrPaused(passing: Promise<unknown>, gate: Gate): Promise<boolean> {
    let isDone = false;
    void passing.then(() => {
      isDone = true;
    });
    while (!isDone && gate.paused === null) await new Promise((resolve) => setImmediate(resolve));
    return !isDone;
  }

  #leader(): Process {
    return this.#processes.at(-1)!;
  }

  /** One that was stopped is revived, and sends what it was about to send. */
  #exchangeProcess(): void {
    for (const { gate } of this.#processes) {
      if (gate.paused === null) continue;
      this.trace.push('a stopped operator is revived');
      gate.paused.resolve();
      return;
    }
    const { gate } = this.#leader();
    if (gate.fault === null) gate.fault = this.#newFault(gate.writes);
  }

  #newFault(after = 0): Fault {
    const kind = this.#pick(['Kill', 'Kill', 'Pause', 'Slow'] as const);
    return { kind, atWrite: after + 1 + Math.floor(this.#random() * 6) };
  }

  #startProcess(fault: Fault): void {
    const gate = new Gate(
      () => this.#nowMs,
      () => {
        this.trace.push('the operator is slow');
        this.#nowMs += 2 * LEASE_MS;
      },
    );
    gate.fault = fault;
    const wrote = (what: string) => void this.#written.push(what);
    const refusedKinds = { has: (kind: string) => this.#refused.has(kind as Refusable) } as ReadonlySet<string>;
    const admission = { refusedKinds, wrote };
    const api = new SimApi(this.#store, gate, admission, this.#applied, (pod) => this.#controllers.evict(pod));
    const all: StaleCache<KubeObject>[] = [];
    const cacheOf = <T extends KubeObject>(kind: Kind<T>, label: string | null = labels.cluster): StaleCache<T> => {
      const cache = new StaleCache(kind, this.#store, label);
      all.push(cache as unknown as StaleCache<KubeObject>);
      return cache;
    };
    const caches: OperatorCaches = {
      clusters: cacheOf(raftClusterKind, null),
      statefulSets: cacheOf(statefulSetKind),
      pods: cacheOf(podKind),
      claims: cacheOf(persistentVolumeClaimKind),
      budgets: cacheOf(podDisruptionBudgetKind),
      secrets: cacheOf(secretKind),
      services: cacheOf(serviceKind),
      endpointSlices: cacheOf(endpointSliceKind),
      podMonitors: null,
      prometheusRules: null,
      grafanaDashboards: null,
      nodes: cacheOf(nodeKind, null),
      storageClasses: cacheOf(storageClassKind, null),
      namespaces: cacheOf(namespaceKind, null),
      all,
    };
    const leadership = { isLeader: true, validUntilMs: this.#nowMs + LEASE_MS } satisfies Leadership;
    const members = this.#members.door((write) =>
      gate.write(() => {
        const answer = write();
        wrote('member');
        return answer;
      }),
    );
    const clock = {
      nowMs: () => this.#nowMs,
      wallMs: () => START_MS + this.#nowMs,
      after: () => ({ cancel: () => undefined }),
    };
    const reconciler = new Reconciler({
      api,
      caches,
      leadership,
      clock,
      random: this.#random,
      log: this.#log,
      metrics,
      events: {
        record: (_, { type, reason, message }) => {
          this.#events += 1;
          this.trace.push(`  event: ${type} ${reason}: ${message}`);
        },
      },
      observer: {
        clock,
        operatorImage: 'operator:1',
        templateHashes: (cluster) => {
          const image = cluster.status.image ?? cluster.spec.image ?? 'operator:1';
          return {
            Voters: templateHash(cluster, { image }, 'Voters'),
            Readers: templateHash(cluster, { image }, 'Readers'),
          };
        },
        membersOf: async () => members,
        monitoring: () => ({
          hasPodMonitors: false,
          hasPrometheusRules: false,
          hasGrafanaDashboards: false,
          chartBringsAlerts: false,
        }),
      },
      watchedNamespace: null,
      decide: this.#decide,
      statusOf,
      forget: () => undefined,
    });
    this.#processes.push({ gate, reconciler, caches: all, leadership });
  }

  /** Each kind by itself: a pod may be seen before the volume that it waits for. */
  #hearSomething(): void {
    for (const cache of this.#leader().caches) if (this.#random() < 0.4) cache.catchUp();
  }

  #fault(kind: string = this.#pick(['pod', 'damage', 'volume', 'node', 'status', 'scale', 'label', 'refuse'])): void {
    const pods = this.#store.list('Pod');
    if (pods.length === 0) return;
    const { metadata, spec } = this.#pick(pods) as unknown as {
      metadata: { name: string };
      spec: { nodeName: string };
    };
    const { name } = metadata;
    this.trace.push(`fault: ${kind} ${name}`);
    switch (kind) {
      case 'pod':
        this.#store.delete('Pod', NAMESPACE, name, {}, true);
        return;
      case 'damage': {
        const folder = this.#members.folderOf(name);
        if (folder !== null && folder.grant !== null) folder.isDamaged = true;
        return;
      }
      case 'volume':
        this.#store.objects.delete(`PersistentVolumeClaim/${NAMESPACE}/data-${name}`);
        this.#store.delete('Pod', NAMESPACE, name);
        return;
      case 'node':
        this.#controllers.deadNodes.add(spec.nodeName);
        return;
      case 'status':
        this.#store.patch(raftClusterKind.kind, NAMESPACE, NAME, { status: null });
        return;
      case 'refuse': {
        const refused = this.#pick(refusable);
        this.trace.push(`each ${refused} is refused for a while`);
        this.#refused.set(refused, this.#nowMs + 600_000 * this.#random());
        return;
      }
      case 'label': {
        const unlabelled = { metadata: { labels: { [labels.cluster]: null } } };
        for (const set of this.#store.list('StatefulSet')) {
          this.#store.patch('StatefulSet', NAMESPACE, set.metadata.name, unlabelled);
        }
        return;
      }
      case 'scale': {
        const set = this.#store.get('StatefulSet', NAMESPACE, NAME);
        if (set !== null) this.#store.patch('StatefulSet', NAMESPACE, NAME, { spec: { replicas: 5 } });
      }
    }
  }

  /** So that one object of this kind is to be written. */
  #tamper(kind: Refusable): void {
    const objects = this.#store.list(kind);
    if (objects.length === 0) return;
    const { name } = this.#pick(objects).metadata;
    this.trace.push(`a stranger tampers with the ${kind} ${name}`);
    const stranger = { metadata: { labels: { [labels.role]: 'stranger', [labels.name]: 'stranger' } } };
    if (kind === 'Pod') this.#store.patch(kind, NAMESPACE, name, stranger);
    else if (kind === 'StatefulSet') this.#store.patch(kind, NAMESPACE, name, { spec: { template: stranger } });
    else this.#store.delete(kind, NAMESPACE, name);
  }

  #edit(): void {
    const change = this.#pick([
      { replicas: Math.floor(this.#random() * 6) },
      { readReplicas: Math.floor(this.#random() * 3) },
      { image: this.#pick(['a', 'b', BROKEN]) },
    ]);
    this.#editSpec(change);
  }

  #editSpec(change: Fields): void {
    this.trace.push(`user: ${JSON.stringify(change)}`);
    this.#store.patch(raftClusterKind.kind, NAMESPACE, NAME, { spec: change });
  }

  /** The user consents to what is offered at rest; true when that gives work. */
  #consented(): boolean {
    const { quorumRecovery } = this.#status();
    const spec = this.#spec()['quorumRecovery'] as { acknowledge?: string };
    if (quorumRecovery?.step !== 'Offered' || spec.acknowledge === quorumRecovery.nonce) return false;
    this.#members.consents += 1;
    this.#editSpec({ quorumRecovery: { acknowledge: quorumRecovery.nonce } });
    return true;
  }

  #spec(): Fields {
    return this.#store.get(raftClusterKind.kind, NAMESPACE, NAME)!['spec'] as Fields;
  }

  #status(): RaftClusterStatus {
    return (this.#store.get(raftClusterKind.kind, NAMESPACE, NAME)?.['status'] ?? {}) as RaftClusterStatus;
  }

  #check(): void {
    const { problems } = this.#members;
    if (problems.length > 0) throw new Error(problems.join('; '));
    if (this.#silent.length > 0) throw new Error(`written without an event: ${this.#silent.join(', ')}`);
    this.#checkVolumes();
  }

  /** What has been deleted must not have been counted on. */
  #checkVolumes(): void {
    const id = this.#status().clusterID ?? '';
    for (const claim of this.#store.list('PersistentVolumeClaim')) {
      if (claim.metadata.deletionTimestamp === undefined) continue;
      const incarnation = this.#members.folders.get(claim.metadata.uid)?.incarnation;
      const member = this.#members.rafts.get(id)?.members.find((one) => one.incarnation === incarnation);
      if (member !== undefined) throw new Error(`the volume of member ${member.name} is deleted`);
    }
  }

  #isSteady(): boolean {
    return this.#status().plan?.action === 'Steady';
  }

  /** All that needs no object of this kind has been done; healing needs none. */
  #mustBeHealed(kind: Refusable): void {
    const status = this.#status();
    const { reason = '', blockers = [] } = status.plan ?? {};
    if ([...legitimate, /^without the Service/, /StatefulSet is being made/].some((one) => one.test(reason))) return;
    const set = this.#store.get('StatefulSet', NAMESPACE, NAME)!['spec'] as {
      replicas: number;
      ordinals?: { start?: number };
    };
    const isSetRefused = kind === 'StatefulSet';
    // Pods that such a StatefulSet does not run, or runs with an image that does not start, cannot be healed without it.
    if (isSetRefused && ((set.ordinals?.start ?? 0) > 0 || JSON.stringify(set).includes(`"${BROKEN}"`))) return;
    const { replicas } = this.#spec() as { replicas: number };
    if (isSetRefused && (set.replicas < replicas || status.quorumRecovery !== undefined)) return;
    const id = status.clusterID ?? '';
    const members = this.#members.rafts.get(id)?.members ?? [];
    const dead = members.filter((member) => !this.#members.isAlive(id, member)).map(({ name }) => name);
    if (dead.length > 0 || status.replacing !== undefined) {
      throw new Error(`not healed while each ${kind} is refused: ${dead.join(', ')}: ${JSON.stringify(status.plan)}`);
    }
    const waits = blockers.some((blocker) => /must wait for the vote/.test(blocker));
    if (!isSetRefused && !waits && this.#members.votersOf(id).length !== replicas) {
      throw new Error(`not ${replicas} voters while each ${kind} is refused: ${JSON.stringify(status.plan)}`);
    }
  }

  #mustBeWhole(): string {
    const spec = this.#spec() as { replicas: number; readReplicas: number };
    const status = this.#status();
    const reason = status.plan?.reason ?? '';
    if (legitimate.some((one) => one.test(reason))) return reason;
    const id = status.clusterID ?? '';
    const members = this.#members.rafts.get(id)?.members ?? [];
    const wanted = [
      ...Array.from({ length: spec.replicas }, (_, ordinal) => `Voter ${NAME}-${ordinal}`),
      ...Array.from({ length: spec.readReplicas }, (_, ordinal) => `Learner ${NAME}-read-${ordinal}`),
    ].sort();
    const present = members.filter((one) => this.#members.isAlive(id, one)).map(({ role, name }) => `${role} ${name}`);
    if (JSON.stringify(present.sort()) !== JSON.stringify(wanted) || members.length !== wanted.length) {
      throw new Error(
        `at rest with ${present.join(', ')} instead of ${wanted.join(', ')}: ${JSON.stringify(status.plan)}`,
      );
    }
    this.#mustBeLabelled(members);
    return 'whole';
  }

  #mustBeLabelled(members: readonly ApiMember[]): void {
    for (const { metadata } of this.#store.list('Pod')) {
      const role = members.find(({ name }) => name === metadata.name)?.role.toLowerCase();
      const label = metadata.labels?.[labels.role];
      if (label !== role) throw new Error(`at rest with ${metadata.name} labelled ${label}, which is ${role}`);
    }
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!;
  }
}

/** Why a cluster may be at rest without being whole. */
const legitimate = [/^spec\.replicas is 0/, /^the quorum is lost/, /^too few founders answer/];
