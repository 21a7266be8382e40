/**
 * Gives back what a member needed only to become one: sources, the log's segments as they were read, a connection to
 * each founder. V8 collects when memory is asked for, so in a process that rests it would stay.
 */
import type { Member } from './server/types.ts';

/** Time for what runs once to be over. */
const DELAY_MS = 500;

/** Each time that the member begins to serve. Without `--expose-gc` nothing happens. */
export function collectAfterStart(member: Pick<Member, 'onEvent'>, isServing: boolean): void {
  const collect = (): void => void setTimeout(() => globalThis.gc?.(), DELAY_MS).unref();
  if (isServing) collect();
  member.onEvent((event) => {
    if (event.kind === 'StateChanged' && event.state === 'Member') collect();
  });
}
