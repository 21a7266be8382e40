/** The members of `quorate up` as one thing: started, formed once, watched, stopped. */
import { type Client, createClient } from '../../client/client.ts';
import { QuorateError } from '../../client/errors.ts';
import { formCluster } from '../../client/forming.ts';
import { waitMs } from '../../client/wait.ts';
import { defaultEndpoints } from '../connection.ts';
import { viewMembers } from '../members-view.ts';
import { type Display, LineDisplay, LiveDisplay, type LocalMember, leaderOf } from './display.ts';
import { MemberProcess } from './member-process.ts';
import type { PlannedMember } from './plan.ts';

const REFRESH_MS = 500;

export class LocalCluster {
  readonly #dataDir: string;
  readonly #members: readonly PlannedMember[];
  readonly #processes: readonly MemberProcess[];
  readonly #client: Client;
  readonly #display: Display;
  readonly #stopping = new AbortController();
  #isKilled = false;

  constructor(dataDir: string, members: readonly PlannedMember[]) {
    const write = (text: string) => void process.stdout.write(text);
    this.#display = process.stdout.isTTY
      ? new LiveDisplay(write, () => process.stdout.columns || 80)
      : new LineDisplay(write);
    this.#dataDir = dataDir;
    this.#members = members;
    this.#client = createClient({ endpoints: members.map(({ endpoint }) => endpoint) });
    this.#processes = members.map(
      (plan) => new MemberProcess(dataDir, plan, { onDeath: (...death) => this.#noteDeath(...death) }),
    );
    this.#display.note(`starting ${members.length} members, data and logs in ${dataDir}`);
  }

  /** Resolves with the exit code when all members have stopped. */
  async run(): Promise<number> {
    for (const member of this.#processes) member.start();
    try {
      await Promise.all([this.#form(), this.#show()]);
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    } finally {
      await Promise.all(this.#processes.map((member) => member.stop()));
    }
    if (!this.#isKilled) this.#display.note('all members have stopped');
    return this.#isKilled ? 1 : 0;
  }

  stop(): void {
    this.#display.clear();
    this.#display.note('stopping; Ctrl-C again kills');
    this.#stopping.abort();
  }

  kill(): void {
    this.#isKilled = true;
    for (const member of this.#processes) member.kill();
  }

  /** A cluster that cannot be formed whole is told; members that belong to one go on without the rest. */
  async #form(): Promise<void> {
    const founders = this.#members.map(({ name, endpoint }) => ({ name, endpoint }));
    try {
      await formCluster(this.#client, founders, { signal: this.#stopping.signal });
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      this.#display.note(`not all members take part: ${error.message}`);
    }
  }

  async #show(): Promise<void> {
    for (let isGreeted = false; ; await waitMs(REFRESH_MS, this.#stopping.signal)) {
      const members = await this.#look();
      this.#stopping.signal.throwIfAborted();
      this.#display.members(members);
      if (isGreeted || leaderOf(members) === null) continue;
      isGreeted = true;
      this.#display.note(this.#greeting().join('\n'));
    }
  }

  async #look(): Promise<LocalMember[]> {
    const views = await viewMembers(this.#client);
    return this.#members.map((plan) => ({
      plan,
      view: views.find(({ endpoint }) => endpoint === plan.endpoint) ?? null,
    }));
  }

  #greeting(): string[] {
    const endpoints = this.#members
      .map(({ endpoint }) => endpoint)
      .slice(0, 3)
      .join(',');
    const isDefault = defaultEndpoints.join(',').startsWith(endpoints);
    return [
      '',
      'The cluster is ready. In another terminal:',
      '',
      ...(isDefault ? [] : [`  export QUORATE_ENDPOINTS=${endpoints}`]),
      '  npx quorate put greeting hello',
      '  npx quorate get greeting',
      '  npx quorate status',
    ];
  }

  #noteDeath(name: string, how: string, restartDelayMs: number | null): void {
    const then =
      restartDelayMs === null
        ? `not starting it again, for ${this.#dataDir} is gone: stop with Ctrl-C and start anew`
        : `starting it again in ${restartDelayMs / 1000} s`;
    this.#display.note(`${name} ${how}; ${then}`);
  }
}
