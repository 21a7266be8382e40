/**
 * Lets SIGTERM end a program that is still being loaded. In a container it is process 1, which the kernel spares every
 * signal that it does not handle: it would be waited for until its grace period is over.
 */

/** @param load gives what runs the program, which handles SIGTERM itself before it first waits for anything */
export async function endWhileLoading<T>(load: () => Promise<() => Promise<T>>): Promise<T> {
  const end = (): never => process.exit(0);
  process.once('SIGTERM', end);
  const run = await load();
  const running = run();
  // Not before: a signal that came while the last module was evaluated is lost when nobody is left to hear of it.
  process.off('SIGTERM', end);
  return running;
}
