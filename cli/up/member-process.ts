/** One member as an operating system process: started, started again when it dies, stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memberEnvironment, memberNodeFlags } from '../small-memory.ts';
import { HOST, type PlannedMember } from './plan.ts';

export type MemberProcessEvents = {
  /** It ended though nobody asked it to, and starts again after the delay; null: it does not, for its folder is gone. */
  readonly onDeath: (name: string, how: string, restartDelayMs: number | null) => void;
};

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const FIRST_RESTART_DELAY_MS = 500;
const LONGEST_RESTART_DELAY_MS = 10_000;
/** A process that lived this long is not failing at its start. */
const STEADY_MS = 30_000;

export class MemberProcess {
  readonly plan: PlannedMember;
  readonly logFile: string;
  readonly #dataDir: string;
  readonly #events: MemberProcessEvents;
  #child: ChildProcess | null = null;
  #restart: NodeJS.Timeout | null = null;
  #quickDeaths = 0;
  #isStopping = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(dataDir: string, plan: PlannedMember, events: MemberProcessEvents) {
    this.plan = plan;
    this.logFile = join(dataDir, `${plan.name}.log`);
    this.#dataDir = dataDir;
    this.#events = events;
    // One older log is kept, for what happened before this start.
    if (existsSync(this.logFile)) renameSync(this.logFile, `${this.logFile}.1`);
  }

  start(): void {
    const { name, clientPort, peerPort, folder } = this.plan;
    const log = openSync(this.logFile, 'a');
    const startedMs = performance.now();
    const settings = {
      name,
      'data-dir': join(this.#dataDir, folder),
      'listen-client': `${HOST}:${clientPort}`,
      'listen-peer': `${HOST}:${peerPort}`,
    };
    const args = Object.entries(settings).map(([flag, value]) => `--${flag}=${value}`);
    const child = spawn(process.execPath, [...memberNodeFlags, MAIN, 'node', ...args], {
      env: { ...process.env, ...memberEnvironment },
      // In a group of its own, or a Ctrl-C in the terminal would reach it too, all at once with the others.
      detached: true,
      // The channel tells it when this process is gone.
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#died(`cannot be started: ${error.message}`, startedMs);
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.#died(signal === null ? `ended with code ${code}` : `was killed by ${signal}`, startedMs);
        resolve();
      });
    });
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves when the process has ended. */
  stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    this.#child?.kill('SIGTERM');
    return this.#ended;
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  #died(how: string, startedMs: number): void {
    this.#child = null;
    if (this.#isStopping) return;
    // Somebody has removed it under its members: in an empty folder one would only wait to be told what to do.
    if (!existsSync(this.logFile)) {
      this.#events.onDeath(this.plan.name, how, null);
      return;
    }
    this.#quickDeaths = performance.now() - startedMs > STEADY_MS ? 0 : this.#quickDeaths + 1;
    const delayMs = Math.min(
      LONGEST_RESTART_DELAY_MS,
      FIRST_RESTART_DELAY_MS * 2 ** Math.max(0, this.#quickDeaths - 1),
    );
    this.#events.onDeath(this.plan.name, `${how}${this.#lastWords()}`, delayMs);
    this.#restart = setTimeout(() => this.start(), delayMs);
  }

  /** What it said about a mistake of the user; its log lines are JSON and told elsewhere. */
  #lastWords(): string {
    const last = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    return last.startsWith('quorate: ') ? ` (${last.slice('quorate: '.length)})` : '';
  }
}
