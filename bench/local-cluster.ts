/** A cluster of real processes for a benchmark, through `quorate up`, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiStatus } from '../client/types.ts';

const CLI = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

export type LocalMember = { readonly host: string; readonly port: number; readonly pid: number };

type Running = LocalMember & { readonly args: readonly string[]; readonly child: ChildProcess };

export class LocalCluster {
  #members: Running[] = [];
  readonly #folder: string;

  static async start(size: number): Promise<LocalCluster> {
    const cluster = new LocalCluster(await mkdtemp(join(tmpdir(), 'quorate-bench-')));
    const ports = await freePorts(2 * size);
    const names = Array.from({ length: size }, (_, i) => `m${i + 1}`);
    const initial = names.map((name, i) => `${name}=http://127.0.0.1:${ports[2 * i]}`).join(',');
    for (const [i, name] of names.entries()) cluster.#startMember(name, ports[2 * i]!, ports[2 * i + 1]!, initial);
    await cluster.leader();
    return cluster;
  }

  private constructor(folder: string) {
    this.#folder = folder;
  }

  get members(): readonly LocalMember[] {
    return this.#members;
  }

  /** Waits until one leads. */
  async leader(): Promise<LocalMember> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < deadlineMs) {
      for (const member of this.members) {
        const status = await statusOf(member).catch(() => null);
        if (status?.state === 'Member' && status.role === 'Leader') return member;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`no leader within ${START_TIMEOUT_MS} ms`);
  }

  /** Starts a member that was killed again, with the data that it has. */
  restart(member: LocalMember): void {
    this.#members = this.#members.map((one) => (one.pid === member.pid ? this.#spawn(one.host, one.port, one.args) : one));
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await exited;
      }),
    );
    await rm(this.#folder, { recursive: true, force: true });
  }

  #startMember(name: string, clientPort: number, peerPort: number, initialCluster: string): void {
    const args = [
      CLI,
      'node',
      `--name=${name}`,
      `--data-dir=${join(this.#folder, name)}`,
      `--listen-client=127.0.0.1:${clientPort}`,
      `--listen-peer=127.0.0.1:${peerPort}`,
      `--initial-cluster=${initialCluster}`,
      '--log-level=error',
    ];
    this.#members.push(this.#spawn('127.0.0.1', clientPort, args));
  }

  #spawn(host: string, port: number, args: readonly string[]): Running {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    return { host, port, args, child, pid: child.pid! };
  }
}

export async function statusOf({ host, port }: { readonly host: string; readonly port: number }): Promise<ApiStatus> {
  const response = await fetch(`http://${host}:${port}/v1/status`, { signal: AbortSignal.timeout(2000) });
  return (await response.json()) as ApiStatus;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
