/** Ports are tried before anything starts: an error at the third member would leave two to be stopped again. */
import { createServer } from 'node:net';
import { UserError } from '../user-error.ts';
import { HOST, type PlannedMember } from './plan.ts';

/** @throws {UserError} naming the first port that cannot be listened on */
export async function assertPortsFree(members: readonly PlannedMember[]): Promise<void> {
  for (const { name, clientPort, peerPort } of members) {
    for (const port of [clientPort, peerPort]) {
      const problem = await problemWith(port);
      if (problem === null) continue;
      const what = problem === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${problem})`;
      throw new UserError(
        `port ${port}, which member ${name} needs, ${what}: stop what listens there, or choose others with --port and another --data-dir`,
      );
    }
  }
}

function problemWith(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, HOST, () => server.close(() => resolve(null)));
  });
}
