/** A request to a member from outside of the cluster, as a client over a connection experiences it. */
import type { LocalMember } from '../../node/server/member.ts';
import { RequestError } from '../../node/server/types.ts';
import { LogFailed } from '../../node/storage/errors.ts';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

export type Answer<T> =
  | { readonly kind: 'Answered'; readonly value: T }
  /** Certainly without effect, now and later. */
  | { readonly kind: 'Refused'; readonly code: string }
  | { readonly kind: 'Unknown'; readonly code: string };

/** Errors that promise that nothing was done and nothing will be. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'no_leader',
  'not_leader',
  'not_ready',
  'parked',
  'stopping',
  'overloaded',
  'no_space',
  'too_large',
  'invalid_request',
]);

/** Never rejects. The connection breaks when the process dies; the caller gives up after `patienceMs`. */
export function call<T>(
  world: World,
  machine: Machine,
  patienceMs: number,
  ask: (member: LocalMember) => Promise<T>,
): Promise<Answer<T>> {
  const { scheduler, random } = world;
  const { promise, resolve } = Promise.withResolvers<Answer<T>>();
  const process = machine.process;
  const hop = (): number => random.between(0.05, 1);
  const answer = (value: Answer<T>): void => void scheduler.after(hop(), () => resolve(value));
  if (process?.member == null) {
    answer({ kind: 'Refused', code: 'unreachable' });
    return promise;
  }
  const { life, member } = process;
  scheduler.after(hop(), () => {
    if (!life.isAlive) {
      answer({ kind: 'Refused', code: 'unreachable' });
      return;
    }
    const forget = life.onDeath(() => answer({ kind: 'Unknown', code: 'connection lost' }));
    const patience = scheduler.after(patienceMs, () => answer({ kind: 'Unknown', code: 'no answer' }));
    void promise.then(() => {
      forget();
      scheduler.cancel(patience);
    });
    life.deliver(() => {
      // What a process that was killed in this very moment still says, nobody hears.
      ask(member).then(
        (value) => life.isAlive && answer({ kind: 'Answered', value }),
        (error: unknown) => {
          if (!life.isAlive) return;
          if (isDiskError(error) && machine.mayDiskFail) {
            answer({ kind: 'Unknown', code: 'disk error' });
            return;
          }
          // A slow watch may read history of the very state that a snapshot replaces; it breaks off and is resumed.
          if (machine.mirror.isInstalling && !(error instanceof RequestError)) {
            world.count('requests broken by a snapshot');
            answer({ kind: 'Unknown', code: 'state replaced' });
            return;
          }
          if (!(error instanceof RequestError)) {
            world.fail(
              `${machine.name} answered a request with ${error instanceof Error ? error.stack : String(error)}`,
            );
            return;
          }
          answer({ kind: WITHOUT_EFFECT.has(error.code) ? 'Refused' : 'Unknown', code: error.code });
        },
      );
    });
  });
  return promise;
}

/** In the world's time, for those who live outside of the machines. */
export function sleep(world: World, delayMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  world.scheduler.after(delayMs, resolve);
  return promise;
}

/** What a disk may answer once it was told to fail. */
export function isDiskError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return error instanceof LogFailed || code === 'EIO' || code === 'ENOSPC';
}
