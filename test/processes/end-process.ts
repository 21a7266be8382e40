/** Kills a child process, and waits until it is gone. */
import type { ChildProcess } from 'node:child_process';

/** Nothing for one that has ended, by itself or by a signal. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}
