/**
 * A Kubernetes control plane without nodes, for the benchmark alone: real etcd, API server and the controllers of
 * StatefulSets and budgets, on loopback, with everything in a folder that goes with it. The programs are those on PATH.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HttpKubeApi } from '../../operator/kube/api.ts';
import { systemClock } from '../../operator/kube/clock.ts';
import { podKind } from '../../operator/kube/kinds.ts';
import { kubeconfigApiServer } from '../../operator/kube/kubeconfig.ts';
import type { Kind, KubeApi, KubeObject } from '../../operator/kube/types.ts';
import { endProcess } from '../../test/processes/end-process.ts';
import { freePorts, until } from '../../test/processes/local-cluster.ts';

const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;

export class ControlPlane {
  readonly kubeconfig: string;
  readonly #folder: string;
  readonly #processes: ChildProcess[] = [];

  /** @throws Error that says which program is missing, or where the log of one that does not start is */
  static async start(): Promise<ControlPlane> {
    for (const program of programs) {
      try {
        execFileSync(program, ['--version'], { stdio: 'ignore' });
      } catch {
        throw new Error(`${program} is not on PATH: this benchmark starts a control plane of its own from it`);
      }
    }
    const controlPlane = new ControlPlane(await mkdtemp(path.join(tmpdir(), 'quorate-control-plane-')));
    try {
      await controlPlane.#start();
    } catch (error) {
      await controlPlane.stop();
      throw error;
    }
    return controlPlane;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.kubeconfig = path.join(folder, 'kubeconfig');
  }

  /** For the benchmark itself: its own connections and no limit worth the name. */
  async connect(): Promise<HttpKubeApi> {
    const server = await kubeconfigApiServer({ files: [this.kubeconfig] });
    const rate = { perSecond: 2000, burst: 2000 };
    return new HttpKubeApi({ server, clock: systemClock, userAgent: 'quorate-bench', rate, deadlineMs: 60_000 });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map(endProcess));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const [client, peer, secure, controllers] = (await freePorts(4)) as [number, number, number, number];
    const file = (name: string) => path.join(this.#folder, name);
    const token = randomBytes(16).toString('hex');
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    await writeFile(file('tokens'), `${token},bench,bench,system:masters\n`);
    await writeFile(file('key'), privateKey);
    await writeFile(file('key.pub'), publicKey);
    await writeFile(this.kubeconfig, kubeconfigFor(secure, token));
    this.#run('etcd', [
      `--data-dir=${file('etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=http://127.0.0.1:${client}`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      '--log-level=error',
    ]);
    this.#run('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${client}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${secure}`,
      `--cert-dir=${file('certificates')}`,
      `--token-auth-file=${file('tokens')}`,
      '--authorization-mode=RBAC',
      // Pods without the Secrets and accounts that only controllers left out here would make.
      '--disable-admission-plugins=ServiceAccount',
      '--service-cluster-ip-range=10.96.0.0/12',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('key.pub')}`,
      `--service-account-signing-key-file=${file('key')}`,
    ]);
    const api = await this.connect();
    await until('the API server', () => isServed(api, podKind));
    await api.close();
    this.#run('kube-controller-manager', [
      `--kubeconfig=${this.kubeconfig}`,
      '--controllers=statefulset-controller,disruption-controller',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${controllers}`,
      `--cert-dir=${file('certificates')}`,
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ]);
  }

  #run(program: (typeof programs)[number], args: readonly string[]): void {
    const log = openSync(path.join(this.#folder, `${program}.log`), 'a');
    this.#processes.push(spawn(program, args, { stdio: ['ignore', log, log] }));
  }
}

/** For `until`: true once objects of this kind can be listed. */
export async function isServed(api: KubeApi, kind: Kind<KubeObject>): Promise<true | null> {
  try {
    await api.list(kind, {}, { resourceVersion: '0' });
    return true;
  } catch {
    return null;
  }
}

function kubeconfigFor(port: number, token: string): string {
  const cluster = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bench', cluster }],
    users: [{ name: 'bench', user: { token } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench', namespace: 'default' } }],
    'current-context': 'bench',
  });
}
