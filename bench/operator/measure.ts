/**
 * `npm run bench -- operator`: one operator over many RaftClusters, with a real API server, and members and nodes that
 * are modelled. It runs compiled, as in the image. What is read: its resident memory, and its own metrics.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import {
  type CustomResourceDefinition,
  customResourceDefinitionKind,
  namespaceKind,
} from '../../operator/kube/kinds.ts';
import type { KubeApi } from '../../operator/kube/types.ts';
import { raftClusterKind } from '../../operator/observe/cluster-kind.ts';
import { freePorts } from '../../test/free-ports.ts';
import { endProcess } from '../../test/processes/end-process.ts';
import { until } from '../../test/processes/local-cluster.ts';
import { crdFile } from '../../tools/crd.ts';
import { type Usage, usageOf } from '../process-usage.ts';
import { ControlPlane, isServed } from './control-plane.ts';
import { ModelledMembers } from './modelled-members.ts';
import { ModelledNodes } from './modelled-nodes.ts';

const NAMESPACE = 'bench';
const IMAGE = 'quorate:bench';
const MIB = 2 ** 20;
/** On a machine that it shares with a control plane. */
const PATIENCE_MS = 1_800_000;

/** @param restMs how long it is watched once there is nothing to do */
export async function measureOperator(clusters: number, restMs: number): Promise<void> {
  const began: { stop(): Promise<void> }[] = [];
  try {
    const controlPlane = await ControlPlane.start();
    began.push(controlPlane);
    const api = await controlPlane.connect();
    began.push({ stop: () => api.close() });
    await api.create(customResourceDefinitionKind, parse(readFileSync(crdFile, 'utf8')) as CustomResourceDefinition);
    await api.create(namespaceKind, { metadata: { name: NAMESPACE } });
    await until('the kind RaftCluster', () => isServed(api, raftClusterKind));
    const members = await ModelledMembers.start();
    began.push(members, new ModelledNodes(api, members, NAMESPACE));
    const operator = await OperatorProcess.start(controlPlane.kubeconfig);
    began.push(operator);
    await measure(api, operator, clusters, restMs);
  } finally {
    for (const part of began.reverse()) await part.stop();
  }
}

async function measure(api: KubeApi, operator: OperatorProcess, clusters: number, restMs: number): Promise<void> {
  report('alone', `${mib(operator.usage().residentBytes)} MiB resident`);
  const applied = performance.now();
  for (let i = 0; i < clusters; i++) {
    await api.create(raftClusterKind, { metadata: { name: `c${i}`, namespace: NAMESPACE }, spec: { replicas: 3 } });
  }
  await until(
    `${clusters} clusters that are whole`,
    async () => {
      operator.usage();
      const { items } = await api.list(raftClusterKind, { namespace: NAMESPACE }, { resourceVersion: '0' });
      return items.every(({ status }) => status?.voters === '3/3' && status.plan?.action === 'Steady') ? true : null;
    },
    PATIENCE_MS,
  );
  const seconds = (performance.now() - applied) / 1000;
  const busy = { usage: operator.usage(), passes: await operator.passes() };
  report(
    `${clusters} clusters formed`,
    `${seconds.toFixed(0)} s; ${(busy.passes / seconds).toFixed(0)} passes/s, ${(busy.usage.cpuSeconds / seconds).toFixed(2)} cores; ${mib(operator.peakBytes())} MiB resident at most`,
  );
  await new Promise((resolve) => setTimeout(resolve, restMs));
  const rest = { usage: operator.usage(), passes: await operator.passes() };
  const restSeconds = restMs / 1000;
  report(
    `${clusters} clusters at rest`,
    `${mib(rest.usage.residentBytes)} MiB resident; ${((rest.passes - busy.passes) / restSeconds).toFixed(1)} passes/s, ${((rest.usage.cpuSeconds - busy.usage.cpuSeconds) / restSeconds).toFixed(2)} cores, in ${restSeconds} s`,
  );
}

class OperatorProcess {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #port: number;

  static async start(kubeconfig: string): Promise<OperatorProcess> {
    const folder = await mkdtemp(path.join(tmpdir(), 'quorate-operator-'));
    const port = await freePorts(1);
    try {
      await compile(folder);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
    const log = openSync(path.join(folder, 'log'), 'a');
    const args = [
      path.join(folder, 'cli', 'main.js'),
      'operator',
      `--kubeconfig=${kubeconfig}`,
      `--namespace=${NAMESPACE}`,
      // A starved machine costs a lease, and with it the process: that is no figure of the operator's.
      '--leader-election=false',
      `--image=${IMAGE}`,
      `--listen=127.0.0.1:${port}`,
    ];
    const process = spawn(globalThis.process.execPath, args, {
      stdio: ['ignore', log, log],
      env: { ...globalThis.process.env, MALLOC_ARENA_MAX: '2' },
    });
    const operator = new OperatorProcess(folder, process, port);
    await until('the operator', async () => {
      operator.usage();
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      return answer?.ok === true ? true : null;
    });
    return operator;
  }

  private constructor(folder: string, process: ChildProcess, port: number) {
    this.#folder = folder;
    this.#process = process;
    this.#port = port;
  }

  /** @throws Error when it has ended */
  usage(): Usage {
    const { exitCode } = this.#process;
    if (exitCode !== null) throw new Error(`the operator ended with ${exitCode}: ${this.#lastLine()}`);
    return usageOf(this.#process.pid!);
  }

  /** Since it began. */
  peakBytes(): number {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.#process.pid}/status`, 'latin1'));
    return Number(peak?.[1] ?? 0) * 1024;
  }

  async passes(): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.#port}/metrics`)).text();
    const counts = text.matchAll(/^quorate_operator_reconcile_duration_seconds_count\{.*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  #lastLine(): string {
    return readFileSync(path.join(this.#folder, 'log'), 'utf8').trimEnd().split('\n').at(-1) ?? '';
  }

  async stop(): Promise<void> {
    await endProcess(this.#process);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** As the Dockerfile does: compiled, not stripped at run time. */
async function compile(folder: string): Promise<void> {
  const root = path.resolve(import.meta.dirname, '../..');
  const project = path.join(folder, 'tsconfig.json');
  const compilerOptions = {
    outDir: folder,
    rootDir: root,
    types: [],
    noEmit: false,
    noCheck: true,
    declaration: false,
    rewriteRelativeImportExtensions: true,
    removeComments: true,
  };
  const content = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions,
    files: [path.join(root, 'cli/main.ts')],
    include: [],
  };
  await writeFile(project, JSON.stringify(content));
  execFileSync(path.join(root, 'node_modules/.bin/tsc'), ['-p', project], { stdio: 'inherit' });
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  await cp(path.join(root, 'package.json'), path.join(folder, 'package.json'));
}

function report(what: string, value: string): void {
  console.log(`${what}: ${value}`);
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}
