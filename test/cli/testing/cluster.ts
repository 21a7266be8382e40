/** A cluster from `quorate up`, on free ports and in a temporary folder. */
import { type Client, createClient } from '../../../client/client.ts';
import { freePorts } from '../../free-ports.ts';
import { temporaryFolder } from './folder.ts';
import { type Finished, type Program, run, start } from './program.ts';

export class UpCluster implements AsyncDisposable {
  readonly endpoints: readonly string[];
  readonly client: Client;
  readonly program: Program;
  readonly #folder: AsyncDisposable;

  private constructor(program: Program, endpoints: readonly string[], folder: AsyncDisposable) {
    this.program = program;
    this.endpoints = endpoints;
    this.client = createClient({ endpoints });
    this.#folder = folder;
  }

  static async start(members = 3): Promise<UpCluster> {
    const folder = await temporaryFolder();
    const port = await freePorts(2 * members);
    const program = start(['up', `--members=${members}`, `--port=${port}`, `--data-dir=${folder.path}/data`]);
    const endpoints = Array.from({ length: members }, (_, index) => `http://127.0.0.1:${port + 2 * index}`);
    const cluster = new UpCluster(program, endpoints, folder);
    await program.printed('The cluster is ready');
    return cluster;
  }

  get env(): Record<string, string> {
    return { QUORATE_ENDPOINTS: this.endpoints.join(',') };
  }

  run(args: readonly string[], input?: string): Promise<Finished> {
    return run(args, { env: this.env, ...(input === undefined ? {} : { input }) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}
