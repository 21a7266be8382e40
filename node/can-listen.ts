/**
 * Addresses are tried before a member starts. The peer port is otherwise opened only when the member belongs to a
 * cluster: a member that cannot open it would be added, and count, and never answer.
 */
import { createServer } from 'node:net';
import { ConfigError } from './config/parse-config.ts';
import { formatAddress, type HostPort } from './transport/address.ts';

/**
 * @param flag that names another address
 * @throws ConfigError when nothing can listen there now
 */
export async function assertCanListen({ host, port }: HostPort, flag: string): Promise<void> {
  const problem = await problemWith(host, port);
  if (problem === null) return;
  throw new ConfigError([`cannot listen on ${formatAddress(host, port)}: ${inWords(problem, flag)}`]);
}

function inWords(code: string, flag: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `the port is in use. Stop what listens there, or choose another with ${flag}`;
    case 'EADDRNOTAVAIL':
      return `this machine has no such address. Choose another with ${flag}`;
    default:
      return `${code}. Choose another with ${flag}`;
  }
}

function problemWith(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}
