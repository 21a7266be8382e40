/**
 * A RocksDB engine in a process of its own, which can be killed: the parent sends calls, this answers them.
 * Run as `node engine-process.ts FOLDER`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Engine } from '../../store/engine.ts';
import { openRocksDbEngine } from '../rocksdb-engine.ts';

type Call = { readonly id: number; readonly method: RemoteMethod; readonly parameters: readonly unknown[] };
type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string };
type RemoteMethod = Exclude<keyof Engine, 'snapshot'>;

export type EngineProcess = { readonly engine: Engine; readonly child: ChildProcess };

/** @throws Error with the words of the engine that could not be opened */
export async function startEngineProcess(folder: string): Promise<EngineProcess> {
  const child = fork(new URL(import.meta.url), [folder], { serialization: 'advanced' });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const opened = Promise.withResolvers<unknown>();
  waiting.set(0, opened);
  child.on('message', ({ id, value, error }: Answer) => {
    if (error === undefined) waiting.get(id)?.resolve(value);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the process of the engine has ended'));
  });
  let lastId = 0;
  const call = (method: RemoteMethod, ...parameters: unknown[]): Promise<never> => {
    const answer = Promise.withResolvers<unknown>();
    waiting.set(++lastId, answer);
    child.send({ id: lastId, method, parameters } satisfies Call);
    return answer.promise as Promise<never>;
  };
  await opened.promise;
  const engine: Engine = {
    get: (key) => call('get', key),
    getMany: (keys) => call('getMany', keys),
    scan: (range, options) => call('scan', range, options),
    write: (batch) => call('write', batch),
    flush: () => call('flush'),
    sizeBytes: () => call('sizeBytes'),
    snapshot: () => {
      throw new Error('not across processes');
    },
    close: async () => {
      await call('close');
      child.disconnect();
      await once(child, 'exit');
    },
  };
  return { engine, child };
}

async function serve(folder: string): Promise<void> {
  const answer = (message: Answer): void => void process.send!(message);
  let engine: Engine;
  try {
    engine = await openRocksDbEngine(folder);
  } catch (error) {
    answer({ id: 0, error: String(error) });
    process.disconnect();
    return;
  }
  process.on('message', ({ id, method, parameters }: Call) => {
    const outcome = (engine[method] as (...all: readonly unknown[]) => Promise<unknown>)(...parameters);
    outcome.then(
      (value) => answer({ id, value }),
      (error: unknown) => answer({ id, error: String(error) }),
    );
  });
  answer({ id: 0 });
}

if (import.meta.main) await serve(process.argv[2]!);
