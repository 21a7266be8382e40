/** `quorate` and other programs as a user runs them: processes of their own, ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));

export type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<Finished>;
  #stdout = '';
  #stderr = '';
  #waiting: { readonly text: string | RegExp; readonly resolve: () => void }[] = [];

  constructor(
    file: string,
    args: readonly string[],
    options: { env?: Readonly<Record<string, string>>; input?: string } = {},
  ) {
    this.child = spawn(process.execPath, [file, ...args], { env: { ...process.env, ...options.env }, stdio: 'pipe' });
    this.child.stdin!.end(options.input ?? '');
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#wake();
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = once(this.child, 'close').then(([code]) => ({ code, stdout: this.#stdout, stderr: this.#stderr }));
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Resolves when standard output holds `text`; rejects when the program ends before. */
  async printed(text: string | RegExp): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ text, resolve });
    this.#wake();
    const outcome = await Promise.race([promise, this.ended]);
    if (outcome !== undefined) {
      throw new Error(
        `the program ended with code ${outcome.code} before it printed ${text}:\n${outcome.stdout}\n${outcome.stderr}`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 20_000);
    await this.ended;
    clearTimeout(timer);
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter(({ text, resolve }) => {
      const isThere = typeof text === 'string' ? this.#stdout.includes(text) : text.test(this.#stdout);
      if (isThere) resolve();
      return !isThere;
    });
  }
}

export function start(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; input?: string } = {},
): Program {
  return new Program(MAIN, args, options);
}

export function run(
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; input?: string } = {},
): Promise<Finished> {
  return start(args, options).ended;
}
