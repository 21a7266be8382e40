/**
 * A Kubernetes control plane without nodes: real etcd, API server and, for the benchmark, the controllers of StatefulSets
 * and budgets, on loopback, with everything in a folder that goes with it. The programs are those on PATH.
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
import { freePorts } from '../../test/free-ports.ts';
import { endProcess } from '../../test/processes/end-process.ts';
import { until } from '../../test/processes/local-cluster.ts';

type Program = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';
const always: readonly Program[] = ['etcd', 'kube-apiserver'];

export class ControlPlane {
  readonly kubeconfig: string;
  readonly #folder: string;
  readonly #processes: ChildProcess[] = [];
  readonly #hasControllers: boolean;
  #etcdUrl = '';
  #apiServer: { readonly args: readonly string[]; process: ChildProcess } | null = null;

  /** @throws Error that says which program is missing, or where the log of one that does not start is */
  static async start({ hasControllers = true } = {}): Promise<ControlPlane> {
    for (const program of hasControllers ? [...always, 'kube-controller-manager'] : always) {
      try {
        execFileSync(program, ['--version'], { stdio: 'ignore' });
      } catch {
        throw new Error(`${program} is not on PATH: a control plane of its own is started from it`);
      }
    }
    const controlPlane = new ControlPlane(await mkdtemp(path.join(tmpdir(), 'quorate-control-plane-')), hasControllers);
    try {
      await controlPlane.#start();
    } catch (error) {
      await controlPlane.stop();
      throw error;
    }
    return controlPlane;
  }

  private constructor(folder: string, hasControllers: boolean) {
    this.#folder = folder;
    this.#hasControllers = hasControllers;
    this.kubeconfig = path.join(folder, 'kubeconfig');
  }

  /** Its gRPC gateway takes JSON (etcd.io, api_grpc_gateway). */
  get etcdUrl(): string {
    return this.#etcdUrl;
  }

  /** As `kill -9` does it. */
  async killApiServer(): Promise<void> {
    await endProcess(this.#apiServer!.process);
  }

  /** On the same port and etcd. Resolves when it answers. */
  async startApiServer(): Promise<void> {
    const { args } = this.#apiServer!;
    this.#apiServer!.process = this.#run('kube-apiserver', args);
    await this.#untilItAnswers();
  }

  /** It stays, and its connections with it, and says nothing. */
  freezeApiServer(): void {
    this.#apiServer!.process.kill('SIGSTOP');
  }

  thawApiServer(): void {
    this.#apiServer!.process.kill('SIGCONT');
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
    const client = await freePorts(4);
    const [peer, secure, controllers] = [client + 1, client + 2, client + 3];
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
    this.#etcdUrl = `http://127.0.0.1:${client}`;
    this.#run('etcd', [
      `--data-dir=${file('etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=http://127.0.0.1:${client}`,
      `--advertise-client-urls=http://127.0.0.1:${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      '--log-level=error',
    ]);
    const args = [
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
    ];
    this.#apiServer = { args, process: this.#run('kube-apiserver', args) };
    await this.#untilItAnswers();
    if (!this.#hasControllers) return;
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

  async #untilItAnswers(): Promise<void> {
    const api = await this.connect();
    await until('the API server', () => isServed(api, podKind));
    await api.close();
  }

  #run(program: Program, args: readonly string[]): ChildProcess {
    const log = openSync(path.join(this.#folder, `${program}.log`), 'a');
    const process = spawn(program, args, { stdio: ['ignore', log, log] });
    this.#processes.push(process);
    return process;
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
