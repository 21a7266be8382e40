/**
 * The CRD on a real API server, under a group of its own that nobody else knows: an operator that runs there, and the CRD
 * that is installed for it, see nothing of these tests.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import type { RaftClusterSpec, RaftClusterStatus } from '../../operator/api/types.ts';
import { HttpKubeApi } from '../../operator/kube/api.ts';
import { systemClock } from '../../operator/kube/clock.ts';
import { isKubeError } from '../../operator/kube/errors.ts';
import {
  type CustomResourceDefinition,
  customResourceDefinitionKind,
  namespaceKind,
} from '../../operator/kube/kinds.ts';
import { kubeconfigApiServer, kubeconfigFiles } from '../../operator/kube/kubeconfig.ts';
import type { Kind, KubeObject, Stored } from '../../operator/kube/types.ts';
import { crdFile } from '../../tools/crd.ts';
import { DryRun } from './dry-run.ts';

export type Written = KubeObject & { readonly spec?: unknown; readonly status?: unknown };
export type Read = Stored<Written & { readonly spec: RaftClusterSpec; readonly status?: RaftClusterStatus }>;

const context = process.env['QUORATE_E2E_CONTEXT'] ?? '';

/** For the option `skip` of a test. */
export const skip: string | false =
  context === ''
    ? 'needs a Kubernetes API server: set QUORATE_E2E_CONTEXT to a kubeconfig context (docs/testing.md)'
    : false;

export class InstalledCrd {
  readonly api: HttpKubeApi;
  readonly dry: DryRun;
  /** Enforces the restricted Pod Security Standard. */
  readonly namespace: string;
  readonly #group: string;

  static async install(): Promise<InstalledCrd> {
    const server = await kubeconfigApiServer({ files: kubeconfigFiles(process.env), context });
    // Of ours alone: hundreds of small questions, one after the other.
    const rate = { perSecond: 1000, burst: 1000 };
    const installed = new InstalledCrd(
      new HttpKubeApi({ server, clock: systemClock, userAgent: 'quorate-test', rate }),
      new DryRun(server),
    );
    try {
      await installed.#install();
    } catch (error) {
      await installed.remove();
      throw error;
    }
    return installed;
  }

  private constructor(api: HttpKubeApi, dry: DryRun) {
    const id = randomBytes(4).toString('hex');
    this.api = api;
    this.dry = dry;
    this.#group = `test-${id}.quorate.dev`;
    this.namespace = `quorate-crd-${id}`;
  }

  async remove(): Promise<void> {
    await this.api.delete(customResourceDefinitionKind, { namespace: '', name: this.#name });
    await this.api.delete(namespaceKind, { namespace: '', name: this.namespace });
    await Promise.all([this.api.close(), this.dry.close()]);
  }

  /** Rejects with KubeError `Invalid` when a rule is broken. What the API server made of it. */
  apply(name: string, spec: unknown): Promise<Read> {
    const metadata = { name, namespace: this.namespace };
    return this.api.apply(this.#kind, { metadata, spec }) as Promise<Read>;
  }

  /** As `apply`, and nothing is stored. */
  dryRun(name: string, spec: unknown): Promise<Read> {
    const metadata = { name, namespace: this.namespace };
    return this.dry.apply(this.#kind, { metadata, spec }) as Promise<Read>;
  }

  applyStatus(name: string, status: unknown): Promise<Read> {
    const metadata = { name, namespace: this.namespace };
    return this.api.apply(this.#kind, { metadata, status }, { subresource: 'status' }) as Promise<Read>;
  }

  scale(name: string, replicas: number): Promise<Read> {
    const scale = { spec: { replicas } };
    return this.api.patch(this.#kind, { namespace: this.namespace, name }, scale, {
      subresource: 'scale',
    }) as Promise<Read>;
  }

  get(name: string): Promise<Read | null> {
    return this.api.get(this.#kind, { namespace: this.namespace, name }) as Promise<Read | null>;
  }

  get #name(): string {
    return `raftclusters.${this.#group}`;
  }

  get #kind(): Kind<Written> {
    return { apiVersion: `${this.#group}/v1`, kind: 'RaftCluster', plural: 'raftclusters', namespaced: true };
  }

  async #install(): Promise<void> {
    const crd = parse(readFileSync(crdFile, 'utf8')) as CustomResourceDefinition;
    const names = { ...crd.spec.names, shortNames: [], categories: [] };
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await this.api.apply(namespaceKind, { metadata: { name: this.namespace, labels } });
    await this.api.apply(customResourceDefinitionKind, {
      metadata: { name: this.#name },
      spec: { ...crd.spec, group: this.#group, names },
    });
    for (;;) {
      try {
        await this.dryRun('served', {});
        return;
      } catch (error) {
        if (!isKubeError(error, 'KindNotServed', 'NotFound')) throw error;
        await delay(50);
      }
    }
  }
}

/** For all tests of a file; none is installed when they are skipped. */
export function useCrd(): () => InstalledCrd {
  let installed: InstalledCrd | null = null;
  before(async () => {
    if (skip === false) installed = await InstalledCrd.install();
  });
  after(() => installed?.remove());
  return () => installed!;
}
