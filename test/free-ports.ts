/**
 * Ports for members and other programs that are told where to listen. Below the system's ephemeral ones, which outgoing
 * connections take at any moment, and reserved until this process ends: tests that run beside each other would otherwise
 * be given the same port between looking and listening.
 */
import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';

const LOWEST = 12_000;
const HIGHEST = 32_000;

/** The first of `count` TCP ports in a row on 127.0.0.1. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const reserved = await Promise.all(ports.map(reserve));
    if (reserved.every((socket) => socket !== null) && (await Promise.all(ports.map(isFree))).every(Boolean))
      return first;
    for (const socket of reserved) socket?.close();
  }
}

/** By the UDP port of the same number, which nobody uses: the system gives it back with the process, however that ends. */
function reserve(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(null));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(socket.unref()));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
