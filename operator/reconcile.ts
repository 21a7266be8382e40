/**
 * One pass over one RaftCluster: observe, decide, and make at most one act. Nothing is written on the word of a cache:
 * where the cached view asks for a write, everything is read anew and decided again.
 */
import { randomUUID } from 'node:crypto';
import { blockedPlan } from './act/blocked-plan.ts';
import { childWrites, writeChild } from './act/children.ts';
import { type Fence, fenceOf } from './act/fence.ts';
import { noteOf } from './act/note.ts';
import { perform } from './act/perform.ts';
import { checkSecrets, writeSecrets } from './act/secrets.ts';
import { stableMessage } from './act/stable-message.ts';
import { differs, writeStatus } from './act/write-status.ts';
import { labels } from './api/names.ts';
import type { RaftCluster, RaftClusterStatus } from './api/types.ts';
import type { OperatorCaches } from './caches.ts';
import { ownedChildren, wantedChildren } from './cluster-children.ts';
import type { Act, Decision } from './decide/types.ts';
import { definedOf } from './defined-of.ts';
import { isKubeError, isOldView } from './kube/errors.ts';
import { podKind, type StatefulSet } from './kube/kinds.ts';
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
import { Pacing } from './pacing.ts';

export type ReconcilerParts = {
  readonly api: KubeApi;
  readonly caches: OperatorCaches;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: OperatorMetrics;
  readonly events: EventRecorder;
  readonly observer: ObserverParts;
  /** Null: all. */
  readonly watchedNamespace: string | null;
  readonly decide: (observed: Observed) => Decision;
  readonly statusOf: (observed: Observed, decision: Decision, previous: RaftClusterStatus) => RaftClusterStatus;
  /** The RaftCluster is gone. */
  readonly forget: (key: string) => void;
};

/** Members fail without a word to the API server: a cluster that is well is looked at this often, and up to half as long. */
const LOOK_AGAIN_MS = 10_000;
/** What has changed since it was read is looked at again after this long, when the cache has had time to hear of it. */
const OLD_VIEW_MS = 200;
/** For what a member or a budget refuses for now. */
const REFUSED_MS = 2000;
/** Certificates are looked at this often. */
const SECRETS_CHECK_MS = 600_000;

type View = { readonly observed: Observed; readonly decision: Decision; readonly sets: readonly Stored<StatefulSet>[] };

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #cached: Source;
  readonly #fresh: Source;
  readonly #pacing = new Pacing();
  /** By RaftCluster: which Secrets were found good, and until when that holds. */
  readonly #secretsGood = new Map<
    string,
    { readonly versions: string; readonly untilMs: number; readonly certificates: RaftClusterStatus['certificates'] }
  >();
  /** Clusters take a new image of the operator one by one: the look around and the latch are one step. */
  #imageTurn: Promise<unknown> = Promise.resolve();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
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
      return await this.#pass(key, fence, log);
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
      if (isOldView(error)) {
        log.write('info', 'view_was_old', { message: error.message });
        return { againAfterMs: OLD_VIEW_MS };
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
    if (!this.#asksForWrite(cached)) return this.#rest(cached.decision);
    const view = changesImage(cached) ? await this.#inImageTurn(name, fence, log) : await this.#look(name, this.#fresh);
    if (view === null) return {};
    return this.#write(key, view, fence, log);
  }

  async #look(name: ObjectName, source: Source): Promise<View | null> {
    const { observer, decide } = this.#parts;
    const reading = source.statefulSets(name);
    const [observed, sets] = await Promise.all([
      observe(name, { ...source, statefulSets: () => reading }, observer),
      reading,
    ]);
    return observed === null ? null : { observed, decision: decide(observed), sets };
  }

  #asksForWrite({ observed, decision, sets }: View): boolean {
    const { cluster } = observed;
    if (decision.act !== null) return true;
    if (decision.shape.mayApply && this.#areSecretsDue(cluster)) return true;
    if (differs(cluster.status, this.#statusOf(observed, decision))) return true;
    if (!decision.shape.mayApply) return false;
    return rolesToLabel(observed, decision).length > 0 || this.#childWrites(observed, decision, sets).length > 0;
  }

  /** Children, then status, then the act that the status announces. */
  async #write(key: string, view: View, fence: Fence, log: Log): Promise<Work> {
    const { observed, decision } = view;
    const { act } = decision;
    let { cluster } = observed;
    try {
      // What is about to be written down decides what the children are.
      if (decision.shape.mayApply && act?.kind !== 'Record' && act?.kind !== 'AddFinalizer') {
        await this.#writeChildren(view, fence, log);
      }
      cluster = (await this.#writeStatus(cluster, this.#statusOf(observed, decision), fence, log)) ?? cluster;
      if (act === null) {
        this.#pacing.forget(key);
        return this.#rest(decision);
      }
      return await this.#act(key, act, { ...observed, cluster }, decision, fence, log);
    } catch (error) {
      if (isOldView(error) || isKubeError(error, 'TooLate')) throw error;
      await this.#showProblem(observed, cluster, decision, stableMessage(error), fence, log);
      throw error;
    }
  }

  async #act(key: string, act: Act, observed: Observed, decision: Decision, fence: Fence, log: Log): Promise<Work> {
    const { api, metrics, observer } = this.#parts;
    if (act.kind === 'Record') {
      // Its fields went with the status.
      this.#tell(observed.cluster, act, decision.plan);
      metrics.acts.inc({ kind: act.kind, outcome: 'Done' });
      return { againAfterMs: this.#pacing.afterAct(key, act) };
    }
    log.write('info', 'act', { kind: act.kind, subject: decision.plan.subject, reason: decision.plan.reason });
    log.write('debug', 'act_in_full', { act });
    const hands = { api, members: await observer.membersOf(observed.cluster), fence };
    let outcome: Awaited<ReturnType<typeof perform>>;
    try {
      outcome = await perform(act, observed, hands);
    } catch (error) {
      metrics.acts.inc({ kind: act.kind, outcome: 'Failed' });
      throw error;
    }
    metrics.acts.inc({ kind: act.kind, outcome: outcome.kind });
    if (outcome.kind === 'Done') {
      this.#tell(observed.cluster, act, decision.plan);
      return { againAfterMs: this.#pacing.afterAct(key, act) };
    }
    log.write('info', outcome.kind === 'Refused' ? 'act_refused' : 'act_superseded', {
      kind: act.kind,
      why: outcome.why,
    });
    if (outcome.kind === 'Superseded') return { againAfterMs: this.#pacing.afterAct(key, act) + OLD_VIEW_MS };
    await this.#showProblem(observed, observed.cluster, decision, stableMessage(outcome.why), fence, log);
    return { againAfterMs: REFUSED_MS };
  }

  async #writeChildren({ observed, decision, sets }: View, fence: Fence, log: Log): Promise<void> {
    const { api, clock, metrics } = this.#parts;
    const { cluster } = observed;
    if (this.#areSecretsDue(cluster)) {
      log.write('info', 'write_secrets');
      await writeSecrets(cluster, clock.wallMs(), api, fence);
    }
    for (const write of this.#childWrites(observed, decision, sets)) {
      const { verb, kind, object } = write;
      log.write('info', 'write_child', { verb, kind: kind.kind, name: object.metadata.name });
      metrics.childWrites.inc({ verb, kind: kind.kind });
      await writeChild(write, api, fence);
    }
    for (const { pod, role } of rolesToLabel(observed, decision)) {
      log.write('info', 'label_role', { pod: pod.name, role });
      metrics.childWrites.inc({ verb: 'Label', kind: podKind.kind });
      const { uid, resourceVersion } = pod;
      const name = { namespace: cluster.metadata.namespace, name: pod.name };
      await api.patch(
        podKind,
        name,
        { metadata: { labels: { [labels.role]: role } } },
        { uid, resourceVersion, ...fence.options },
      );
    }
  }

  #childWrites(observed: Observed, decision: Decision, sets: readonly Stored<StatefulSet>[]) {
    const { caches } = this.#parts;
    const wanted = wantedChildren(observed, decision.shape, sets, caches);
    const owned = ownedChildren(observed.cluster, caches);
    return childWrites(wanted, owned, (kind, name) => {
      if (kind.kind === 'StatefulSet') return findByName(sets, name);
      return (
        owned.find((child) => child.kind.kind === kind.kind && child.object.metadata.name === name)?.object ?? null
      );
    });
  }

  #areSecretsDue(cluster: RaftCluster): boolean {
    const { caches, clock } = this.#parts;
    const { uid, namespace, name, generation } = cluster.metadata;
    const key = `${namespace}/${name}`;
    const secrets = caches.secrets.ownedBy(uid);
    const versions = `${generation} ${secrets
      .map(({ metadata }) => metadata.resourceVersion)
      .sort()
      .join(' ')}`;
    const known = this.#secretsGood.get(key);
    if (known?.versions === versions && clock.nowMs() < known.untilMs) return false;
    const { due, certificates } = checkSecrets(
      cluster,
      (secret) => caches.secrets.get(namespace, secret),
      clock.wallMs(),
    );
    if (due.length > 0) return true;
    this.#secretsGood.set(key, { versions, untilMs: clock.nowMs() + SECRETS_CHECK_MS, certificates });
    return false;
  }

  /** With what an act of recording says. */
  #statusOf(observed: Observed, decision: Decision): RaftClusterStatus {
    const { status, metadata } = observed.cluster;
    const recorded = decision.act?.kind === 'Record' ? definedOf({ ...status, ...decision.act.status }) : status;
    return this.#withCertificates(metadata, this.#parts.statusOf(observed, decision, recorded));
  }

  #withCertificates({ namespace, name }: ObjectName, status: RaftClusterStatus): RaftClusterStatus {
    const { certificates: _, ...others } = status;
    const certificates = this.#secretsGood.get(`${namespace}/${name}`)?.certificates ?? status.certificates ?? [];
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
    }
    return written;
  }

  /** As something that blocks the plan, without what differs each time. */
  async #showProblem(
    observed: Observed,
    cluster: RaftCluster,
    decision: Decision,
    problem: string,
    fence: Fence,
    log: Log,
  ): Promise<void> {
    const plan = blockedPlan(decision.plan, problem);
    // What was to be recorded is not, when it failed.
    const shown = this.#parts.statusOf({ ...observed, cluster }, { ...decision, plan }, cluster.status);
    const status = this.#withCertificates(cluster.metadata, shown);
    try {
      await this.#writeStatus(cluster, status, fence, log);
    } catch (error) {
      log.write('warn', 'problem_not_shown', { message: (error as Error).message });
    }
  }

  #tell(cluster: RaftCluster, act: Act, plan: Decision['plan']): void {
    const note = noteOf(act, plan);
    if (note !== null) this.#parts.events.record(clusterEventSubject(cluster.metadata), { ...note, action: act.kind });
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
      if (decision.act !== null) this.#tell(observed.cluster, decision.act, decision.plan);
      return this.#look(name, this.#fresh);
    });
    this.#imageTurn = turn.catch(() => undefined);
    return turn;
  }

  #rest({ requeueAfterMs }: Decision): Work {
    const lookAgainMs = LOOK_AGAIN_MS * (1 + 0.5 * this.#parts.random());
    return { againAfterMs: Math.min(requeueAfterMs ?? lookAgainMs, lookAgainMs) };
  }

  #forget(key: string): void {
    this.#pacing.forget(key);
    this.#secretsGood.delete(key);
    this.#parts.forget(key);
  }
}

function nameOf(key: string): ObjectName {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}

/** Another one than it runs; the first is no change. */
function changesImage({ observed, decision: { act } }: View): boolean {
  return act?.kind === 'Record' && act.status.image !== undefined && observed.cluster.status.image !== undefined;
}

function rolesToLabel({ slots }: Observed, { shape: { roleLabels } }: Decision) {
  return slots.flatMap(({ pod }) => {
    const role = pod === null ? undefined : roleLabels[pod.name];
    return pod === null || role === undefined || role === pod.roleLabel || pod.deletionDueMs !== null
      ? []
      : [{ pod, role }];
  });
}

function findByName<T extends KubeObject>(objects: readonly Stored<T>[], name: string): Stored<T> | null {
  return objects.find(({ metadata }) => metadata.name === name) ?? null;
}
