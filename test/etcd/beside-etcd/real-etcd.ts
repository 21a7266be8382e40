/** etcd itself, one member of it, for tests that hold our answers against its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../free-ports.ts';
import { endProcess } from '../../processes/end-process.ts';
import { until } from '../../processes/local-cluster.ts';

export class RealEtcd {
  readonly url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  static async start(flags: readonly string[] = []): Promise<RealEtcd> {
    const port = await freePorts(2);
    const folder = await mkdtemp(join(tmpdir(), 'quorate-etcd-'));
    const [url, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`];
    const all = [
      '--name=etcd',
      `--data-dir=${folder}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=etcd=${peerUrl}`,
      '--log-level=panic',
      ...flags,
    ];
    const etcd = new RealEtcd(url, folder, spawn('etcd', all, { stdio: ['ignore', 'ignore', 'inherit'] }));
    await until('etcd to serve', async () => {
      const answer = await fetch(`${url}/health`).catch(() => null);
      return answer?.ok === true ? true : null;
    });
    return etcd;
  }

  private constructor(url: string, folder: string, process: ChildProcess) {
    this.url = url;
    this.#folder = folder;
    this.#process = process;
  }

  /**
   * It gives watches of the past what they have missed every tenth of a second. Until then a compaction ends even one for
   * which there is nothing.
   */
  async watchesInSync(): Promise<void> {
    await until('all watches of etcd to be in sync', async () => {
      const metrics = await (await fetch(`${this.url}/metrics`)).text();
      return /^etcd_debugging_mvcc_slow_watcher_total 0$/m.test(metrics) ? true : null;
    });
  }

  async remove(): Promise<void> {
    await endProcess(this.#process);
    await rm(this.#folder, { recursive: true, force: true });
  }
}
