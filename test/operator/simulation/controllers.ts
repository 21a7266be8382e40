/** What Kubernetes itself does: StatefulSets, kubelets, the disruption controller, the protection of volumes, garbage. */
import type { Eviction } from '../../../operator/kube/types.ts';
import type { ModelMembers } from './model-members.ts';
import { copy, type Fields, type Live, type ObjectStore } from './object-store.ts';

const NODES = 3;
/** An image with this name does not start. */
export const BROKEN = 'broken';

export class Controllers {
  readonly #store: ObjectStore;
  readonly #members: ModelMembers;
  readonly #nowIso: () => string;
  /** Nodes that are cut off or stopped. */
  readonly deadNodes = new Set<string>();

  constructor(store: ObjectStore, members: ModelMembers, nowIso: () => string) {
    this.#store = store;
    this.#members = members;
    this.#nowIso = nowIso;
    for (let index = 0; index < NODES; index++) {
      store.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${index}` }, spec: {}, status: {} });
    }
  }

  /** One small step of everyone. */
  step(): void {
    this.#nodes();
    for (const set of this.#store.list('StatefulSet')) this.#statefulSet(set);
    for (const pod of this.#store.list('Pod')) this.#kubelet(pod);
    this.#run();
    for (const pod of this.#store.list('Pod')) this.#readiness(pod);
    for (const claim of this.#store.list('PersistentVolumeClaim')) this.#protection(claim);
    for (const budget of this.#store.list('PodDisruptionBudget')) this.#budget(budget);
    this.#garbage();
  }

  evict(pod: Live): Eviction {
    const budget = this.#store.list('PodDisruptionBudget').find((one) => selects(one, pod));
    if (budget !== undefined && isReady(pod)) {
      const { disruptionsAllowed = 0 } = (budget['status'] ?? {}) as { disruptionsAllowed?: number };
      if (disruptionsAllowed < 1) return { outcome: 'Refused', message: 'the budget says no', retryAfterMs: null };
      this.#patch(budget, { status: { disruptionsAllowed: disruptionsAllowed - 1 } });
    }
    this.#store.delete('Pod', pod.metadata.namespace ?? '', pod.metadata.name, {}, true);
    return { outcome: 'Evicted' };
  }

  /** Which process runs on which volume. */
  #run(): void {
    const running = new Map<string, string>();
    for (const pod of this.#store.list('Pod')) {
      const status = (pod['status'] ?? {}) as { phase?: string };
      const claim = this.#claimOf(pod);
      if (status.phase !== 'Running' || claim === null || this.deadNodes.has(nodeOf(pod))) continue;
      if (pod.metadata.annotations?.['volume-uid'] === claim.metadata.uid)
        running.set(pod.metadata.name, claim.metadata.uid);
    }
    this.#members.runningAre(running);
  }

  #nodes(): void {
    for (const node of this.#store.list('Node')) {
      const status = this.deadNodes.has(node.metadata.name) ? 'Unknown' : 'True';
      this.#patch(node, {
        status: { conditions: [{ type: 'Ready', status, lastTransitionTime: this.#since(node, status) }] },
      });
    }
  }

  #since(object: Live, status: string): string {
    const { conditions = [] } = (object['status'] ?? {}) as {
      conditions?: { status: string; lastTransitionTime: string }[];
    };
    return conditions[0]?.status === status ? conditions[0].lastTransitionTime : this.#nowIso();
  }

  #statefulSet(set: Live): void {
    const { name, namespace = '' } = set.metadata;
    const spec = set['spec'] as {
      replicas: number;
      ordinals?: { start?: number };
      template: { metadata: Fields & { labels: Fields; annotations: Fields }; spec: Fields };
      volumeClaimTemplates: { metadata: { name: string; labels: Fields; annotations: Fields }; spec: Fields }[];
    };
    const start = spec.ordinals?.start ?? 0;
    for (let ordinal = start; ordinal < start + spec.replicas; ordinal++) {
      const podName = `${name}-${ordinal}`;
      if (this.#store.get('Pod', namespace, podName) !== null) continue;
      const template = spec.volumeClaimTemplates[0]!;
      const claimName = `${template.metadata.name}-${podName}`;
      let claim = this.#store.get('PersistentVolumeClaim', namespace, claimName);
      if (claim?.metadata.deletionTimestamp !== undefined) continue;
      claim ??= this.#store.create({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          ...copy(template.metadata),
          name: claimName,
          namespace,
          finalizers: ['kubernetes.io/pvc-protection'],
        },
        spec: copy(template.spec),
        status: { phase: 'Bound' },
      });
      this.#store.create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          ...copy(spec.template.metadata),
          name: podName,
          namespace,
          annotations: { ...copy(spec.template.metadata.annotations), 'volume-uid': claim.metadata.uid },
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid: set.metadata.uid, controller: true },
          ],
        },
        spec: { ...copy(spec.template.spec), nodeName: `node-${ordinal % NODES}` },
        status: { phase: 'Pending' },
      });
    }
    for (const pod of this.#podsOf(set)) {
      const ordinal = Number(pod.metadata.name.slice(name.length + 1));
      const isAsked = ordinal >= start && ordinal < start + spec.replicas;
      if (!isAsked) this.#store.delete('Pod', namespace, pod.metadata.name, {}, true);
    }
    this.#patch(set, { status: { observedGeneration: set.metadata.generation ?? 1 } });
  }

  #podsOf(set: Live): Live[] {
    return this.#store
      .list('Pod')
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid) === true);
  }

  #kubelet(pod: Live): void {
    if (this.deadNodes.has(nodeOf(pod))) return;
    const { namespace = '', name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      this.#store.delete('Pod', namespace, name);
      return;
    }
    const status = (pod['status'] ?? {}) as { phase?: string };
    if (status.phase !== 'Pending') return;
    const container = ((pod['spec'] as Fields)['containers'] as { name: string; image: string }[])[0]!;
    if (container.image === BROKEN) {
      const waiting = { reason: 'ImagePullBackOff' };
      this.#patch(pod, {
        status: { containerStatuses: [{ name: container.name, state: { waiting }, restartCount: 0 }] },
      });
    } else this.#patch(pod, { status: { phase: 'Running', containerStatuses: [] } });
  }

  #readiness(pod: Live): void {
    const isUp = !this.deadNodes.has(nodeOf(pod)) && this.#members.isServing(pod.metadata.name);
    const status = isUp && (pod['status'] as { phase?: string }).phase === 'Running' ? 'True' : 'False';
    this.#patch(pod, {
      status: { conditions: [{ type: 'Ready', status, lastTransitionTime: this.#since(pod, status) }] },
    });
  }

  #protection(claim: Live): void {
    if (claim.metadata.deletionTimestamp === undefined) return;
    const isUsed = this.#store
      .list('Pod')
      .some(({ metadata }) => metadata.annotations?.['volume-uid'] === claim.metadata.uid);
    if (!isUsed) this.#patch(claim, { metadata: { finalizers: [] } });
  }

  #budget(budget: Live): void {
    const { minAvailable = 0 } = (budget['spec'] ?? {}) as { minAvailable?: number };
    const healthy = this.#store
      .list('Pod')
      .filter((pod) => selects(budget, pod) && isReady(pod) && pod.metadata.deletionTimestamp === undefined).length;
    this.#patch(budget, { status: { disruptionsAllowed: Math.max(0, healthy - minAvailable) } });
  }

  /** Objects whose owners are gone. */
  #garbage(): void {
    const uids = new Set([...this.#store.objects.values()].map(({ metadata }) => metadata.uid));
    for (const { kind, metadata } of [...this.#store.objects.values()]) {
      const owners = metadata.ownerReferences ?? [];
      if (owners.length === 0 || owners.some(({ uid }) => uids.has(uid))) continue;
      this.#store.delete(kind, metadata.namespace ?? '', metadata.name, {}, kind === 'Pod');
    }
  }

  #claimOf(pod: Live): Live | null {
    return this.#store.get('PersistentVolumeClaim', pod.metadata.namespace ?? '', `data-${pod.metadata.name}`);
  }

  #patch({ kind, metadata }: Live, patch: Fields): void {
    if (this.#store.get(kind, metadata.namespace ?? '', metadata.name) === null) return;
    this.#store.patch(kind, metadata.namespace ?? '', metadata.name, patch);
  }
}

function nodeOf(pod: Live): string {
  return (pod['spec'] as { nodeName?: string }).nodeName ?? '';
}

function isReady(pod: Live): boolean {
  const { conditions = [] } = (pod['status'] ?? {}) as { conditions?: { type: string; status: string }[] };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function selects(budget: Live, pod: Live): boolean {
  const { selector } = budget['spec'] as { selector: { matchLabels: Record<string, string> } };
  return Object.entries(selector.matchLabels).every(([key, value]) => pod.metadata.labels?.[key] === value);
}
