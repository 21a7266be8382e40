/** Runs test files, each in a process of its own, prints what happens and counts. */
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

export type Totals = {
  passed: number;
  readonly failed: { readonly name: string; readonly file: string; readonly why: string }[];
  readonly skipped: { readonly name: string; readonly file: string; readonly reason: string }[];
};

/** Of what a failed test says: enough for a seed, what was expected, and what came. */
const WHY_LINES = 40;
const WHY_CHARACTERS = 4_000;
/** A file that takes longer hangs, and is ended. */
const FILE_TIMEOUT_MS = 15 * 60_000;
const WHOLE_RUN_TIMEOUT_MS = 80 * 60_000;
const deadline = AbortSignal.timeout(WHOLE_RUN_TIMEOUT_MS);

type Setup = { globalSetup(): Promise<void>; globalTeardown(): Promise<void> };

type Event = {
  readonly name: string;
  readonly file?: string;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly details: {
    readonly type?: string;
    readonly error?: {
      readonly failureType?: string;
      readonly cause?: unknown;
      /** Of a file's process. */
      readonly exitCode?: number | null;
      readonly signal?: string | null;
    };
  };
};

/** Adds to `totals`. */
export async function runTests(files: readonly string[], concurrency: number, totals: Totals): Promise<void> {
  if (files.length === 0) return;
  const stream = run({ files: [...files], concurrency, timeout: FILE_TIMEOUT_MS, signal: deadline });
  const lastOutput = new LastOutput();
  stream.on('test:stdout', (event) => lastOutput.add(event));
  stream.on('test:stderr', (event) => lastOutput.add(event));
  stream.on('test:pass', (event) => countPassed(event as Event, totals));
  stream.on('test:fail', (event) => countFailed(event as Event, totals, lastOutput));
  const report = stream.compose(new spec());
  for await (const text of report) process.stdout.write(text as string);
}

/**
 * Runs what a module exports as `globalSetup`, then the tests, then its `globalTeardown`. One that throws counts as a
 * failed test: what the others have shown is still told.
 */
export async function withSetup(file: string, totals: Totals, tests: () => Promise<void>): Promise<void> {
  const { globalSetup, globalTeardown } = (await import(pathToFileURL(path.resolve(file)).href)) as Setup;
  if (await succeeds('globalSetup', globalSetup, file, totals)) await tests();
  await succeeds('globalTeardown', globalTeardown, file, totals);
}

async function succeeds(name: string, step: () => Promise<void>, file: string, totals: Totals): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    console.error(error);
    totals.failed.push({ name, file, why: whyOf(error) });
    return false;
  }
}

function countPassed(event: Event, totals: Totals): void {
  // The runner reports a file under its own name only when nothing in it was a test.
  if (event.name === fileOf(event)) {
    totals.failed.push({ name: 'holds no test', file: event.name, why: '' });
    return;
  }
  const reason = event.skip ?? event.todo;
  if (reason !== undefined && reason !== false) {
    totals.skipped.push({
      name: event.name,
      file: fileOf(event),
      reason: typeof reason === 'string' && reason !== '' ? reason : 'no reason given',
    });
  } else if (event.details.type !== 'suite') {
    totals.passed += 1;
  }
}

function countFailed(event: Event, totals: Totals, lastOutput: LastOutput): void {
  // A test around failed subtests fails with them: count what failed, not what holds it.
  const { error } = event.details;
  if (error?.failureType === 'subtestsFailed') return;
  const file = fileOf(event);
  const ending = endingOf(error);
  if (event.name === file && ending !== null) {
    totals.failed.push({ name: ending, file, why: lastOutput.of(file) });
  } else {
    totals.failed.push({ name: event.name, file, why: whyOf(error?.cause ?? error) });
  }
}

/** Of a file whose process ended without the report of a failed test: the runner says of it only "test failed". */
function endingOf(error: Event['details']['error']): string | null {
  if (typeof error?.signal === 'string') return `its process was ended by ${error.signal}; what it said last:`;
  if (typeof error?.exitCode === 'number') {
    return `its process ended with exit code ${error.exitCode}; what it said last:`;
  }
  return null;
}

function whyOf(error: unknown): string {
  const text = typeof error === 'string' ? error : inspect(error, { colors: false });
  return text.slice(0, WHY_CHARACTERS).split('\n').slice(0, WHY_LINES).join('\n');
}

/** The end of what each file has printed. */
class LastOutput {
  readonly #tails = new Map<string, string>();

  add({ file = '', message }: { readonly file?: string; readonly message: string }): void {
    const name = relative(file);
    this.#tails.set(name, `${this.#tails.get(name) ?? ''}${message}`.slice(-WHY_CHARACTERS));
  }

  of(file: string): string {
    const tail = this.#tails.get(file)?.trimEnd() ?? '';
    return tail === '' ? 'nothing' : tail.split('\n').slice(-WHY_LINES).join('\n');
  }
}

function fileOf(event: Event): string {
  return event.file === undefined ? '' : relative(event.file);
}

function relative(file: string): string {
  return path.relative(process.cwd(), file);
}
