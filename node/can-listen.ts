/**
 * Addresses are tried before a member starts. The peer port is otherwise opened only when the member belongs to a
 * cluster: a member that cannot open it would be added, and count, and never answer.
 */
import { createServer, type Server } from 'node:net';
import type { Addresses } from './addresses.ts';
import { ConfigError } from './config/parse-config.ts';
import { formatAddress, type HostPort } from './transport/address.ts';

type Listener = { readonly flag: string; readonly at: HostPort };

/** @throws ConfigError when nothing can listen at one of them now, or when two are one place, whatever they are called */
export async function assertCanListen({
  listenClient,
  listenPeer,
  listenHealth,
}: Pick<Addresses, 'listenClient' | 'listenPeer' | 'listenHealth'>): Promise<void> {
  const listeners: Listener[] = [
    { flag: '--listen-client', at: listenClient },
    { flag: '--listen-peer', at: listenPeer },
  ];
  if (listenHealth !== null) listeners.push({ flag: '--listen-health', at: listenHealth });
  // Held together: that `localhost` and 127.0.0.1, or [::] and everything, are one place is for the system to say.
  const held: Server[] = [];
  try {
    for (const [index, listener] of listeners.entries()) {
      const outcome = await listen(listener.at);
      if (typeof outcome !== 'string') {
        held.push(outcome);
        continue;
      }
      const other = listeners.slice(0, index).find(({ at }) => at.port === listener.at.port);
      await Promise.all(held.splice(0).map(close));
      throw other !== undefined && (await isFree(listener.at)) ? clash(listener, other) : refusal(listener, outcome);
    }
  } finally {
    await Promise.all(held.map(close));
  }
}

function clash({ flag, at }: Listener, other: Listener): ConfigError {
  return new ConfigError([
    `${flag}: '${formatAddress(at.host, at.port)}' is where ${other.flag} listens: choose another port`,
  ]);
}

function refusal({ flag, at: { host, port } }: Listener, code: string): ConfigError {
  return new ConfigError([`cannot listen on ${formatAddress(host, port)}: ${inWords(code, flag)}`]);
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

async function isFree(at: HostPort): Promise<boolean> {
  const outcome = await listen(at);
  if (typeof outcome === 'string') return false;
  await close(outcome);
  return true;
}

/** A text: the code of the system's refusal. */
function listen({ host, port }: HostPort): Promise<Server | string> {
  return new Promise((resolve) => {
    // Peers dial again and again. One that was taken and never read would keep this server from closing, for ever.
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
