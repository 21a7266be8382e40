/** What kubelets and provisioners would report: pods that run and become ready, claims that are bound. */
import { type PersistentVolumeClaim, type Pod, persistentVolumeClaimKind, podKind } from '../../operator/kube/kinds.ts';
import type { Kind, KubeApi, KubeObject, Stored } from '../../operator/kube/types.ts';
import type { ModelledMembers } from './modelled-members.ts';

const PERIOD_MS = 500;

export class ModelledNodes {
  readonly #api: KubeApi;
  readonly #members: ModelledMembers;
  readonly #namespace: string;
  #isRunning = true;
  readonly #ended: Promise<void>;

  constructor(api: KubeApi, members: ModelledMembers, namespace: string) {
    this.#api = api;
    this.#members = members;
    this.#namespace = namespace;
    this.#ended = this.#run();
    // Handled where it is awaited, in stop().
    this.#ended.catch(() => undefined);
  }

  /** @throws what has ended it before */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      const scope = { namespace: this.#namespace };
      const pods = await this.#api.list(podKind, scope, { resourceVersion: '0' });
      for (const pod of pods.items) await this.#report(pod);
      const claims = await this.#api.list(persistentVolumeClaimKind, scope, { resourceVersion: '0' });
      for (const claim of claims.items) await this.#bind(claim);
      await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    }
  }

  async #report({ metadata, status }: Stored<Pod>): Promise<void> {
    const { name } = metadata;
    const isServing = this.#members.isServing(this.#namespace, name);
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    if (status?.phase === 'Running' && (ready?.status === 'True') === isServing) return;
    const { address } = this.#members;
    const lastTransitionTime = new Date().toISOString();
    const condition = (type: string, holds: boolean) => ({
      type,
      status: holds ? 'True' : 'False',
      lastTransitionTime,
    });
    await this.#patch(podKind, name, {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [condition('Ready', isServing), condition('ContainersReady', isServing)],
    });
  }

  async #bind({ metadata, spec, status }: Stored<PersistentVolumeClaim>): Promise<void> {
    if (status?.phase === 'Bound') return;
    const capacity = { storage: spec?.resources?.requests?.['storage'] };
    await this.#patch(persistentVolumeClaimKind, metadata.name, { phase: 'Bound', capacity });
  }

  async #patch<T extends KubeObject>(kind: Kind<T>, name: string, status: object): Promise<void> {
    await this.#api.patch(kind, { namespace: this.#namespace, name }, { status }, { subresource: 'status' });
  }
}
