/** The traffic that runs beside every test: started in a pod, questioned through its log, checked at the end. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Kubectl, until } from './kubectl.ts';
import { restrictedPod } from './restricted-pod.ts';

type Line = {
  readonly atMs: number;
  readonly kind: 'Started' | 'Progress' | 'WriteFailed' | 'Retry' | 'Violation' | 'Gap' | 'Stall' | 'Ended';
  readonly what?: string;
  readonly error?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly acknowledgedWrites?: number;
  readonly failedWrites?: number;
  readonly reads?: number;
};

/** A time without an acknowledged write. */
export type Gap = {
  readonly gapMs: number;
  /** For so long of it the writers themselves were kept from running: the machine's share, and not the cluster's. */
  readonly stalledMs: number;
  /** What the writers were told meanwhile, each once. */
  readonly errors: readonly string[];
};

export type TrafficOptions = {
  /** How many members it knows by name; absent: 3. */
  readonly members?: number;
  /** Where it runs, when others are to break. */
  readonly node?: string;
};

/** Leaves the traffic's own pods where they are: `kubectl drain --pod-selector=`. */
export const notTraffic = 'app!=traffic';

/** Of the client in the image. */
const CLIENT_MODULE = '/app/client/index.js';

export class Traffic {
  readonly #kubectl: Kubectl;
  readonly #pod: string;

  private constructor(kubectl: Kubectl, pod: string) {
    this.#kubectl = kubectl;
    this.#pod = pod;
  }

  /** Resolves once writes are acknowledged. The pods of the cluster are tried before its Service, as a careful user does. */
  static async start(kubectl: Kubectl, image: string, cluster: string, options: TrafficOptions = {}): Promise<Traffic> {
    const pod = `traffic-${cluster}`;
    const program = readFileSync(new URL('traffic-pod.ts', import.meta.url), 'utf8');
    const endpoints = Array.from(
      { length: options.members ?? 3 },
      (_, ordinal) => `http://${cluster}-${ordinal}.${cluster}-peers.${kubectl.namespace}.svc:2379`,
    );
    endpoints.push(`http://${cluster}.${kubectl.namespace}.svc:2379`);
    await kubectl.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: pod }, data: { 'traffic-pod.ts': program } },
      restrictedPod(
        { name: pod, labels: { app: 'traffic' } },
        {
          image,
          command: ['node', '/traffic/traffic-pod.ts', CLIENT_MODULE, ...endpoints],
          // Without a request it gets a hundredth of what members get, and a busy node stops the writers for seconds.
          resources: { requests: { cpu: '500m', memory: '64Mi' } },
          env: [{ name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }],
          volumeMounts: [{ name: 'traffic', mountPath: '/traffic' }],
        },
        {
          ...(options.node === undefined ? {} : { nodeName: options.node }),
          terminationGracePeriodSeconds: 60,
          volumes: [{ name: 'traffic', configMap: { name: pod } }],
        },
      ),
    );
    const traffic = new Traffic(kubectl, pod);
    await until(
      'the first acknowledged writes',
      60_000,
      async () => ((await traffic.#last('Progress'))?.acknowledgedWrites ?? 0) > 0,
      () => kubectl.run(['describe', 'pod', pod]),
    );
    return traffic;
  }

  /** The longest among those that touch the time since `sinceMs`; null: none worth a line. */
  async longestGap(sinceMs: number): Promise<Gap | null> {
    const lines = await this.#lines();
    const lengthMs = ({ fromMs = 0, toMs = 0 }: Line): number => toMs - fromMs;
    const [longest] = lines
      .filter(({ kind, toMs = 0 }) => kind === 'Gap' && toMs >= sinceMs)
      .sort((a, b) => lengthMs(b) - lengthMs(a));
    if (longest === undefined) return null;
    const fromMs = longest.fromMs!;
    const toMs = longest.toMs!;
    const stalledMs = lines
      .filter(({ kind }) => kind === 'Stall')
      .map((stall) => Math.min(toMs, stall.toMs!) - Math.max(fromMs, stall.fromMs!))
      .reduce((sum, ms) => sum + Math.max(0, ms), 0);
    const told = lines.filter(({ kind, atMs }) => kind === 'Retry' && atMs >= fromMs && atMs <= toMs);
    return { gapMs: toMs - fromMs, stalledMs, errors: [...new Set(told.map(({ error = '' }) => error))] };
  }

  /** Waits until writes are acknowledged again that began after now. */
  async goesOn(timeoutMs = 60_000): Promise<void> {
    const before = (await this.#last('Progress'))?.acknowledgedWrites ?? 0;
    await until(
      'acknowledged writes',
      timeoutMs,
      async () => ((await this.#last('Progress'))?.acknowledgedWrites ?? 0) > before + 20,
    );
  }

  /** Ends the traffic; fails if anything that was acknowledged is lost, a read went back, or a write was applied twice. */
  async verify(): Promise<{ readonly acknowledgedWrites: number; readonly failedWrites: number }> {
    await this.#kubectl.run(['exec', this.#pod, '--', 'node', '-e', 'process.kill(1, "SIGTERM")']);
    const ended = await until('the end of the traffic', 120_000, () => this.#last('Ended'));
    const violations = (await this.#lines()).filter(({ kind }) => kind === 'Violation').map(({ what }) => what);
    assert.deepEqual(violations, []);
    assert.ok((ended.reads ?? 0) > 0, 'no read was answered');
    await this.#kubectl.run(['delete', 'pod,configmap', this.#pod, '--wait=false']);
    return { acknowledgedWrites: ended.acknowledgedWrites!, failedWrites: ended.failedWrites! };
  }

  async #last(kind: Line['kind']): Promise<Line | undefined> {
    return (await this.#lines()).findLast((line) => line.kind === kind);
  }

  async #lines(): Promise<readonly Line[]> {
    const log = await this.#kubectl.run(['logs', this.#pod, '--tail=-1']);
    return log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  }
}
