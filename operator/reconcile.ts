/**
 * One pass over one RaftCluster: observe, decide, and make at most one act. Nothing is written on the word of a cache:
 * where the cached view asks for a write, everything is read anew and decided again.
 */
import { randomUUID } from 'node:crypto';
import { blockedPlan } from './act/blocked-plan.ts';
import { childWrites } from './act/children.ts';
import { type Fence, fenceOf } from './act/fence.ts';
import { doneNote, failedNote, refusedNote } from './act/note.ts';
import { perform } from './act/perform.ts';
import { checkSecrets, type DueSecrets } from './act/secrets.ts';
import { stableMessage } from './act/stable-message.ts';
import { roleLabels, type Upkeep } from './act/upkeep.ts';
import { leaderNote } from './act/upkeep-notes.ts';
import { differs, writeStatus } from './act/write-status.ts';
import { sentence } from './api/sentence.ts';
import type { RaftCluster, RaftClusterStatus } from './api/types.ts';
import type { OperatorCaches } from './caches.ts';
import { ownedChildren, wantedChildren } from './cluster-children.ts';
import type { Act, ActEvent, Decision } from './decide/types.ts';
import { definedOf } from './defined-of.ts';
import { keepUp } from './keep-up.ts';
import { isKubeError, isOldView } from './kube/errors.ts';
import type { StatefulSet } from './kube/kinds.ts';
import type {
  Clock,
  EventRecorder,
  KubeApi,
  KubeObject,
  Leadership,
  ObjectName,
  Random,
  Stored,
} from './kube/types.ts';
import type { Work } from './kube/work-queue.ts';
import type { Log } from './logging.ts';
import type { OperatorMetrics } from './metrics.ts';
import { clusterEventSubject, SpecNotUnderstood } from './observe/cluster-kind.ts';
import { type ObserverParts, observe } from './observe/observe.ts';
import { cacheSource, clustersOf, freshSource, type Source } from './observe/source.ts';
import type { Observed } from './observe/types.ts';
import { OLD_VIEW_MS, Pacing } from './pacing.ts';
import { Refusals } from './refusals.ts';

export type ReconcilerParts = {
  readonly api: KubeApi;
  readonly caches: OperatorCaches;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: OperatorMetrics;
  readonly events: EventRecorder;
  readonly observer: Omit<ObserverParts, 'refused'>;
  /** The one namespace that the operator looks after; null when it looks after all. */
  readonly watchedNamespace: string | null;
  readonly decide: (observed: Observed) => Decision;
  readonly statusOf: (observed: Observed, decision: Decision, previous: RaftClusterStatus) => RaftClusterStatus;
  /** Called when a RaftCluster is gone, so that nothing is kept of it. */
  readonly forget: (key: string) => void;
};

/** Members fail without a word to the API server: a cluster that is well is looked at this often, and up to half as long. */
const LOOK_AGAIN_MS = 10_000;
/** What a member or a budget has refused for now is asked for again after this long. */
const REFUSED_MS = 2000;
/** Certificates are looked at this often. */
const SECRETS_CHECK_MS = 600_000;

type View = {
  readonly observed: Observed;
  readonly decision: Decision;
  /** What is not as it shall be, but for what was refused a moment ago. */
  readonly upkeep: readonly Upkeep[];
};

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #cached: Source;
  readonly #fresh: Source;
  readonly #pacing = new Pacing();
  readonly #refusals: Refusals;
  /**
   * The act of each RaftCluster that failed or was refused, and why. The status says so for as long as this act is the next;
   * if each pass took it back and wrote it again, each write would wake the next pass.
   */
  readonly #failed = new Map<string, { readonly act: string; readonly problem: string }>();
  /** Which Secrets of each RaftCluster were found good, and until when that holds: reading a certificate costs time. */
  readonly #secretsGood = new Map<
    string,
    { readonly versions: string; readonly untilMs: number; readonly certificates: RaftClusterStatus['certificates'] }
  >();
  /** Clusters take a new image of the operator one by one: the look around and the latch are one step. */
  #imageTurn: Promise<unknown> = Promise.resolve();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#refusals = new Refusals(parts.random);
    this.#cached = cacheSource(parts.caches);
    this.#fresh = freshSource(parts.api, parts.caches);
  }

  /** @param key `NAMESPACE/NAME` */
  async pass(key: string): Promise<Work> {
    const { leadership, clock } = this.#parts;
    if (!leadership.isLeader) return {};
    const fence = fenceOf(leadership, clock);
    const log = this.#parts.log.child({ cluster: key, pass: randomUUID().slice(0, 8) });
    try {
      const work = await this.#pass(key, fence, log);
      this.#pacing.passed(key);
      return work;
    } catch (error) {
      if (error instanceof SpecNotUnderstood) {
        log.write('error', 'spec_not_understood', { message: error.message });
        this.#tellNotUnderstood(nameOf(key), error);
        return { againAfterMs: SECRETS_CHECK_MS };
      }
      if (isKubeError(error, 'TooLate')) {
        log.write('warn', 'not_sent', { message: error.message });
        // The pass was slow, and the lease may have been renewed meanwhile: nobody else would look at this cluster again.
        return { againAfterMs: OLD_VIEW_MS };
      }
      const oldViewMs = isOldView(error) ? this.#pacing.afterOldView(key) : null;
      if (oldViewMs !== null) {
        log.write('info', 'view_was_old', { message: (error as Error).message });
        return { againAfterMs: oldViewMs };
      }
      log.write('error', 'pass_failed', { message: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  async #pass(key: string, fence: Fence, log: Log): Promise<Work> {
    const name = nameOf(key);
    const cached = await this.#look(name, this.#cached);
    if (cached === null) {
      this.#forget(key);
      return {};
    }
    if (!this.#asksForWrite(cached)) return this.#rest(key, cached.decision);
    const view = changesImage(cached) ? await this.#inImageTurn(name, fence, log) : await this.#look(name, this.#fresh);
    if (view === null) return {};
    return this.#write(key, view, fence, log);
  }

  async #look(name: ObjectName, source: Source): Promise<View | null> {
    const { observer, decide, clock } = this.#parts;
    const key = keyOf(name);
    const reading = source.statefulSets(name);
    const [observed, sets] = await Promise.all([
      observe(name, { ...source, statefulSets: () => reading }, { ...observer, refused: () => this.#refusals.of(key) }),
      reading,
    ]);
    if (observed === null) return null;
    const decision = decide(observed);
    const due = this.#dueUpkeep(observed, decision, sets);
    const upkeep = due.filter((one) => !this.#refusals.isHeldBack(key, one, clock.nowMs()));
    if (!this.#refusals.keepOnly(key, due)) return { observed, decision, upkeep };
    return { ...this.#decideAnew(key, observed), upkeep };
  }

  /** Decides once more on the same observation, but with what is refused by now. */
  #decideAnew(key: string, before: Observed): Pick<View, 'observed' | 'decision'> {
    const observed = { ...before, refused: this.#refusals.of(key) };
    return { observed, decision: this.#parts.decide(observed) };
  }

  #asksForWrite({ observed, decision, upkeep }: View): boolean {
    if (decision.act !== null || upkeep.length > 0) return true;
    return differs(observed.cluster.status, this.#statusOf(observed, decision));
  }

  /** Children, then status, then the act that the status announces. */
  async #write(key: string, view: View, fence: Fence, log: Log): Promise<Work> {
    let { observed, decision } = view;
    let { cluster } = observed;
    try {
      // What is about to be written down decides what the children are.
      if (decision.act?.kind !== 'Record' && decision.act?.kind !== 'AddFinalizer') {
        const { api, clock, metrics } = this.#parts;
        const tell = (note: ActEvent): void => this.#tell(cluster, 'Write', note);
        const hands = { api, clock, metrics, refusals: this.#refusals, fence, log, tell };
        const change = await keepUp(cluster, view.upkeep, hands);
        // What waited for an object that is there now is decided on a view that has it.
        if (change === 'Allowed') return { againAfterMs: OLD_VIEW_MS };
        if (change === 'Refused') ({ observed, decision } = this.#decideAnew(key, observed));
      }
      cluster = (await this.#writeStatus(cluster, this.#statusOf(observed, decision), fence, log)) ?? cluster;
      if (decision.act === null) {
        this.#pacing.forget(key);
        this.#failed.delete(key);
        return this.#rest(key, decision);
      }
    } catch (error) {
      const saysNothing = isOldView(error) ? !this.#pacing.isViewAlwaysOld(key) : isKubeError(error, 'TooLate');
      if (!saysNothing) {
        const problem = stableMessage(error);
        this.#tell(cluster, 'Write', writeFailedNote(problem));
        await this.#showProblem({ ...observed, cluster }, decision, problem, fence, log);
      }
      throw error;
    }
    return this.#act(key, decision.act, { ...observed, cluster }, decision, fence, log);
  }

  async #act(key: string, act: Act, observed: Observed, decision: Decision, fence: Fence, log: Log): Promise<Work> {
    const { api, metrics, observer } = this.#parts;
    if (act.kind === 'Record') {
      // Its fields went with the status.
      this.#tell(observed.cluster, act.kind, doneNote(act, decision.plan));
      metrics.acts.inc({ kind: act.kind, outcome: 'Done' });
      return { againAfterMs: this.#pacing.afterAct(key, act) };
    }
    log.write('info', 'act', { kind: act.kind, subject: decision.plan.subject, reason: decision.plan.reason });
    log.write('debug', 'act_in_full', { act });
    const holdUp = async (problem: string, note: ActEvent): Promise<void> => {
      this.#tell(observed.cluster, act.kind, note);
      this.#failed.set(key, { act: JSON.stringify(act), problem });
      await this.#showProblem(observed, decision, problem, fence, log);
    };
    let outcome: Awaited<ReturnType<typeof perform>>;
    try {
      outcome = await perform(act, observed, { api, members: await observer.membersOf(observed.cluster), fence });
    } catch (error) {
      metrics.acts.inc({ kind: act.kind, outcome: 'Failed' });
      if (!isKubeError(error, 'TooLate')) {
        const problem = stableMessage(error);
        await holdUp(problem, failedNote(act, decision.plan, problem));
      }
      throw error;
    }
    metrics.acts.inc({ kind: act.kind, outcome: outcome.kind });
    this.#failed.delete(key);
    if (outcome.kind === 'Done') {
      this.#tell(observed.cluster, act.kind, doneNote(act, decision.plan));
      return { againAfterMs: this.#pacing.afterAct(key, act) };
    }
    log.write('info', outcome.kind === 'Refused' ? 'act_refused' : 'act_superseded', {
      kind: act.kind,
      why: outcome.why,
    });
    if (outcome.kind === 'Superseded') return { againAfterMs: this.#pacing.afterAct(key, act) + OLD_VIEW_MS };
    const problem = stableMessage(outcome.why);
    await holdUp(problem, refusedNote(act, decision.plan, problem));
    return { againAfterMs: REFUSED_MS };
  }

  #dueUpkeep(observed: Observed, { shape }: Decision, sets: readonly Stored<StatefulSet>[]): readonly Upkeep[] {
    if (!shape.mayApply) return [];
    return [
      // Pods refer to them, so they come first.
      ...this.#dueSecrets(observed.cluster).map((due): Upkeep => ({ verb: 'Issue', ...due })),
      ...this.#childWrites(observed, shape, sets),
      ...roleLabels(observed, shape),
    ];
  }

  #childWrites(observed: Observed, shape: Decision['shape'], sets: readonly Stored<StatefulSet>[]) {
    const { caches } = this.#parts;
    const wanted = wantedChildren(observed, shape, sets, caches);
    const owned = ownedChildren(observed.cluster, caches);
    return childWrites(wanted, owned, (kind, name) => {
      if (kind.kind === 'StatefulSet') return findByName(sets, name);
      return (
        owned.find((child) => child.kind.kind === kind.kind && child.object.metadata.name === name)?.object ?? null
      );
    });
  }

  #dueSecrets(cluster: RaftCluster): readonly DueSecrets[] {
    const { caches, clock } = this.#parts;
    const { uid, namespace, generation } = cluster.metadata;
    const key = keyOf(cluster.metadata);
    const secrets = caches.secrets.ownedBy(uid);
    const versions = `${generation} ${secrets
      .map(({ metadata }) => metadata.resourceVersion)
      .sort()
      .join(' ')}`;
    const known = this.#secretsGood.get(key);
    if (known?.versions === versions && clock.nowMs() < known.untilMs) return [];
    const { due, certificates } = checkSecrets(
      cluster,
      (secret) => caches.secrets.get(namespace, secret),
      clock.wallMs(),
    );
    if (due.length > 0) return due;
    this.#secretsGood.set(key, { versions, untilMs: clock.nowMs() + SECRETS_CHECK_MS, certificates });
    return [];
  }

  /** The status of this pass. It holds what a `Record` writes down, and what keeps the next act from being carried out. */
  #statusOf(observed: Observed, decided: Decision): RaftClusterStatus {
    const { status, metadata } = observed.cluster;
    const failed = this.#failed.get(keyOf(metadata));
    const isSame = failed !== undefined && failed.act === JSON.stringify(decided.act);
    const decision = isSame ? { ...decided, plan: blockedPlan(decided.plan, failed.problem) } : decided;
    const recorded = decision.act?.kind === 'Record' ? definedOf({ ...status, ...decision.act.status }) : status;
    return this.#withCertificates(metadata, this.#parts.statusOf(observed, decision, recorded));
  }

  #withCertificates({ namespace, name }: ObjectName, status: RaftClusterStatus): RaftClusterStatus {
    const { certificates: _, ...others } = status;
    const certificates = this.#secretsGood.get(keyOf({ namespace, name }))?.certificates ?? status.certificates ?? [];
    return certificates.length === 0 ? others : { ...others, certificates: [...certificates] };
  }

  async #writeStatus(
    cluster: RaftCluster,
    status: RaftClusterStatus,
    fence: Fence,
    log: Log,
  ): Promise<RaftCluster | null> {
    const written = await writeStatus(cluster, status, this.#parts.api, fence);
    if (written !== null) {
      this.#parts.metrics.statusWrites.inc();
      log.write('debug', 'status_written');
      const { leader } = status;
      if (leader !== undefined && leader !== cluster.status.leader) this.#tell(cluster, 'Observe', leaderNote(leader));
    }
    return written;
  }

  /** Writes the problem into the status, as something that blocks the plan. */
  async #showProblem(observed: Observed, decision: Decision, problem: string, fence: Fence, log: Log): Promise<void> {
    const { cluster } = observed;
    const plan = blockedPlan(decision.plan, problem);
    // What was to be recorded is not, when it failed.
    const shown = this.#parts.statusOf(observed, { ...decision, plan }, cluster.status);
    const status = this.#withCertificates(cluster.metadata, shown);
    try {
      await this.#writeStatus(cluster, status, fence, log);
    } catch (error) {
      log.write('warn', 'problem_not_shown', { message: (error as Error).message });
    }
  }

  /** @param action what the operator did, or was doing: the kind of the act, `Write` or `Observe` */
  #tell(cluster: RaftCluster, action: string, note: ActEvent): void {
    this.#parts.events.record(clusterEventSubject(cluster.metadata), { ...note, action });
  }

  /** Its status is left as it is: what it says of the spec before may still hold, and nothing can be said of this one. */
  #tellNotUnderstood({ namespace, name }: ObjectName, { message }: SpecNotUnderstood): void {
    const { caches, events } = this.#parts;
    const object = caches.clusters.get(namespace, name);
    if (object === null) return;
    events.record(clusterEventSubject({ namespace, name, uid: object.metadata.uid }), {
      type: 'Warning',
      reason: 'SpecNotUnderstood',
      message: `This operator does nothing: ${message}. It may be older than the CustomResourceDefinition.`,
      action: 'Observe',
    });
  }

  async #inImageTurn(name: ObjectName, fence: Fence, log: Log): Promise<View | null> {
    const { api, watchedNamespace } = this.#parts;
    const turn = this.#imageTurn.then(async () => {
      const view = await this.#look(name, { ...this.#fresh, clusters: () => clustersOf(api, watchedNamespace) });
      if (view === null || !changesImage(view)) return view;
      const { observed, decision } = view;
      await this.#writeStatus(observed.cluster, this.#statusOf(observed, decision), fence, log);
      if (decision.act !== null) this.#tell(observed.cluster, decision.act.kind, doneNote(decision.act, decision.plan));
      return this.#look(name, this.#fresh);
    });
    this.#imageTurn = turn.catch(() => undefined);
    return turn;
  }

  #rest(key: string, { requeueAfterMs }: Decision): Work {
    const { random, clock } = this.#parts;
    const lookAgainMs = LOOK_AGAIN_MS * (1 + 0.5 * random());
    const refusedMs = this.#refusals.dueInMs(key, clock.nowMs()) ?? lookAgainMs;
    return { againAfterMs: Math.min(requeueAfterMs ?? lookAgainMs, refusedMs, lookAgainMs) };
  }

  #forget(key: string): void {
    this.#pacing.forget(key);
    this.#refusals.forget(key);
    this.#failed.delete(key);
    this.#secretsGood.delete(key);
    this.#parts.forget(key);
  }
}

function keyOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}

function nameOf(key: string): ObjectName {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

/** Whether this cluster takes another image than the one that it runs. The first image of a cluster is no change. */
function changesImage({ observed, decision: { act } }: View): boolean {
  return act?.kind === 'Record' && act.status.image !== undefined && observed.cluster.status.image !== undefined;
}

/** The event of an error that ends a pass before its act, as when the status is refused. */
function writeFailedNote(problem: string): ActEvent {
  const message = `${sentence(`Could not write what belongs to the cluster, or its status: ${problem}`)} It is tried again.`;
  return { type: 'Warning', reason: 'WriteFailed', message };
}

function findByName<T extends KubeObject>(objects: readonly Stored<T>[], name: string): Stored<T> | null {
  return objects.find(({ metadata }) => metadata.name === name) ?? null;
}
