/** A Prometheus of its own that scrapes what it is told, for tests of dashboards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../free-ports.ts';
import { endProcess } from '../processes/end-process.ts';
import { until } from '../processes/local-cluster.ts';

/** `labels`: what Kubernetes' service discovery would add. */
export type Target = { readonly address: string; readonly labels: Readonly<Record<string, string>> };

export type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] };

export class Prometheus {
  readonly #url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  /** @param honorLabels as in the chart's PodMonitor */
  static async start(targets: readonly Target[], honorLabels = false): Promise<Prometheus> {
    const folder = await mkdtemp(path.join(tmpdir(), 'quorate-prometheus-'));
    const port = await freePorts(1);
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [
        {
          job_name: 'quorate',
          honor_labels: honorLabels,
          static_configs: targets.map(({ address, labels }) => ({ targets: [address], labels })),
        },
      ],
    };
    const file = path.join(folder, 'prometheus.yaml');
    await writeFile(file, stringify(config));
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ];
    const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, folder, child);
    await until('Prometheus', () => prometheus.#isReady());
    return prometheus;
  }

  private constructor(url: string, folder: string, child: ChildProcess) {
    this.#url = url;
    this.#folder = folder;
    this.#process = child;
  }

  /** @throws Error with what Prometheus says of the query */
  async query(expr: string): Promise<readonly Sample[]> {
    const response = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query: expr })}`);
    const answer = (await response.json()) as { status: string; error?: string; data?: { result: Sample[] } };
    if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
    return answer.data!.result;
  }

  async stop(): Promise<void> {
    await endProcess(this.#process);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #isReady(): Promise<true | null> {
    if (this.#process.exitCode !== null) throw new Error(`prometheus ended with ${this.#process.exitCode}`);
    try {
      return (await fetch(`${this.#url}/-/ready`)).ok ? true : null;
    } catch {
      return null;
    }
  }
}
