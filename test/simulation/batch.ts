/** Many seeds on several processes: how the tests and the command line run the simulation. */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from './worker.ts';

export type BatchOptions = {
  readonly seeds: readonly string[];
  /** Root of the tree whose code is simulated. */
  readonly root: string;
  readonly processes?: number;
  /** No more seeds are begun from then on. */
  readonly signal?: AbortSignal;
  readonly onOutcome?: (outcome: Outcome) => void;
  /** No more seeds after an outcome of which this is true. */
  readonly stopAt?: (outcome: Outcome) => boolean;
};

/** Outcomes in the order in which they come; fewer than seeds when it was stopped. */
export async function runBatch(options: BatchOptions): Promise<Outcome[]> {
  const { seeds, root, signal, onOutcome = () => {}, stopAt = () => false } = options;
  const outcomes: Outcome[] = [];
  const left = [...seeds];
  let isStopped = false;
  const work = async (): Promise<void> => {
    if (left.length === 0) return;
    const worker = fork(join(root, 'test/simulation/worker.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const end = (): void => {
      isStopped = true;
      worker.kill();
    };
    signal?.addEventListener('abort', end);
    try {
      while (left.length > 0 && !isStopped && signal?.aborted !== true) {
        const seed = left.shift()!;
        const outcome = await answer(worker, seed);
        if (outcome === null) {
          if (isStopped) break;
          throw new Error(`the process that simulated seed ${seed} has died`);
        }
        outcomes.push(outcome);
        onOutcome(outcome);
        if (stopAt(outcome)) isStopped = true;
      }
    } finally {
      signal?.removeEventListener('abort', end);
      worker.kill();
    }
  };
  const count = Math.min(options.processes ?? availableParallelism(), seeds.length);
  await Promise.all(Array.from({ length: count }, work));
  return outcomes;
}

/** Null when the process has ended without an answer. */
function answer(worker: ChildProcess, seed: string): Promise<Outcome | null> {
  return new Promise((resolve) => {
    const done = (outcome: Outcome | null): void => {
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      resolve(outcome);
    };
    const onMessage = (message: unknown): void => done(message as Outcome);
    const onExit = (): void => done(null);
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    if (worker.connected) worker.send(seed);
    else done(null);
  });
}
