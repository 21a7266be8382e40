/** Members as real processes, each with ports and a folder of its own, for tests and benchmarks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ApiStatus, type Client, createClient, formCluster } from '../../client/index.ts';
import { freePorts } from '../free-ports.ts';
import { endProcess } from './end-process.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
/** For a condition that must come true on a busy machine; a test that needs it all has failed. */
const PATIENCE_MS = 60_000;
const POLL_MS = 20;

export type Member = {
  readonly name: string;
  readonly url: string;
  readonly folder: string;
  readonly port: number;
  readonly args: readonly string[];
  process: ChildProcess;
};

export class LocalCluster {
  readonly folder: string;
  readonly members: Member[] = [];
  readonly #flags: readonly string[];

  /** @param flags for every member, such as `--max-log-size=1MiB` */
  static async form(size: number, flags: readonly string[] = []): Promise<LocalCluster> {
    const cluster = new LocalCluster(await mkdtemp(join(tmpdir(), 'quorate-')), flags);
    for (let i = 0; i < size; i++) await cluster.add();
    await formCluster(
      cluster.client(),
      cluster.members.map(({ url, name }) => ({ endpoint: url, name })),
    );
    await cluster.leader();
    return cluster;
  }

  private constructor(folder: string, flags: readonly string[]) {
    this.folder = folder;
    this.#flags = flags;
  }

  /** One more process, empty. */
  async add(flags: readonly string[] = [], folder?: string): Promise<Member> {
    const name = `m${this.members.length + 1}`;
    const client = await freePorts(2);
    const peer = client + 1;
    const dataFolder = folder ?? join(this.folder, name);
    const args = [
      CLI,
      'node',
      `--name=${name}`,
      `--data-dir=${dataFolder}`,
      `--listen-client=127.0.0.1:${client}`,
      `--listen-peer=127.0.0.1:${peer}`,
      '--log-level=error',
      ...this.#flags,
      ...flags,
    ];
    const member = {
      name,
      url: `http://127.0.0.1:${client}`,
      folder: dataFolder,
      port: client,
      args,
      process: start(args),
    };
    this.members.push(member);
    return member;
  }

  client(members: readonly Member[] = this.members): Client {
    return createClient({ endpoints: members.map(({ url }) => url) });
  }

  async kill(member: Member): Promise<void> {
    await endProcess(member.process);
  }

  /** With the data that it has; `build` is the root of another source tree to run. */
  restart(member: Member, build?: string): void {
    const [cli, ...others] = member.args as [string, ...string[]];
    member.process = start([build === undefined ? cli : join(build, 'cli/main.ts'), ...others]);
  }

  /** Null while it does not answer. */
  async statusOf(member: Member): Promise<ApiStatus | null> {
    try {
      const response = await fetch(`${member.url}/v1/status`, { signal: AbortSignal.timeout(2000) });
      return (await response.json()) as ApiStatus;
    } catch {
      return null;
    }
  }

  /** Waits until it says something: on a busy machine it may take longer than one question has patience for. */
  answerOf(member: Member): Promise<ApiStatus> {
    return until(`${member.name} to answer`, () => this.statusOf(member));
  }

  /** Waits until one of these leads. */
  leader(among: readonly Member[] = this.members): Promise<Member> {
    return until('a leader', async () => {
      for (const member of among) {
        const status = await this.statusOf(member);
        if (status?.state === 'Member' && status.role === 'Leader') return member;
      }
      return null;
    });
  }

  /** Waits until all of these have applied what the furthest of them has committed, and agree on one leader. */
  async settled(among: readonly Member[] = this.members): Promise<void> {
    await until('all members caught up', async () => {
      const statuses = await Promise.all(among.map((member) => this.statusOf(member)));
      if (statuses.some((status) => status?.state !== 'Member' || status.leader === 0)) return null;
      const commits = statuses.map((status) => status!.commit!);
      return statuses.every((status) => status!.applied! >= Math.max(...commits)) ? true : null;
    });
  }

  async remove(): Promise<void> {
    await Promise.all(this.members.map((member) => endProcess(member.process)));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Asks until there is an answer. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null>,
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadlineMs) throw new Error(`waited ${patienceMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
