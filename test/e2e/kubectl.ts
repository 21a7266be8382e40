/** kubectl against the one context that the tests may use, and waiting for what it shows. */
import { AssertionError } from 'node:assert';
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export type KubeJson = {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, looked into by tests
  readonly spec?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly status?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly data?: any;
};

export class Kubectl {
  readonly context: string;
  readonly namespace: string;

  constructor(context: string, namespace: string) {
    this.context = context;
    this.namespace = namespace;
  }

  /** Standard output. Throws with standard error in the message. */
  run(args: readonly string[], input?: string): Promise<string> {
    return command('kubectl', ['--context', this.context, '--namespace', this.namespace, ...args], input);
  }

  apply(...objects: readonly object[]): Promise<string> {
    return this.run(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  }

  /** Null when it is not there. */
  async get(kind: string, name: string): Promise<KubeJson | null> {
    const text = await this.run(['get', kind, name, '-o', 'json', '--ignore-not-found']);
    return text.trim() === '' ? null : (JSON.parse(text) as KubeJson);
  }

  async list(kind: string, selector?: string): Promise<readonly KubeJson[]> {
    const filter = selector === undefined ? [] : ['-l', selector];
    return (JSON.parse(await this.run(['get', kind, '-o', 'json', ...filter])) as { items: KubeJson[] }).items;
  }

  patch(kind: string, name: string, patch: object): Promise<string> {
    return this.run(['patch', kind, name, '--type=merge', '-p', JSON.stringify(patch)]);
  }
}

/** Standard output of a program; standard error comes with the exception. */
export function command(program: string, args: readonly string[], input?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, [...args], { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args.join(' ')}: ${stderr.trim() || error.message}`));
    });
    if (input !== undefined) child.stdin?.end(input);
  });
}

/** Each question starts a kubectl, which takes more of a small machine than what is waited for. */
const POLL_MS = 1000;

/**
 * Asks again and again, past errors, until `check` gives something other than null, false or undefined, and returns that. When time
 * is up, the error says what was waited for and what was seen last. An assertion that fails in `check` is no error to wait
 * past: it ends the wait.
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  check: () => Promise<T | null | false | undefined>,
  lastSeen: () => Promise<string> = async () => '',
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  let lastError = '';
  for (;;) {
    try {
      const found = await check();
      if (found !== null && found !== false && found !== undefined) return found;
      lastError = '';
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      lastError = String(error);
    }
    if (Date.now() >= deadlineMs) {
      const seen = await lastSeen().catch(String);
      throw new Error(`waited ${timeoutMs / 1000} s for ${what} in vain. ${lastError}\n${seen}`);
    }
    await sleep(POLL_MS);
  }
}
