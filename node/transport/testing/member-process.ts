/** For tests: a member in a process of its own, to be killed. Reads its peer as a line of JSON, answers with itself. */
import { createInterface } from 'node:readline';
import { createTcpNetwork } from '../network.ts';
import type { Peer } from '../types.ts';
import { call, helloOf, timing } from './members.ts';

const ignore = (): void => {};
const network = createTcpNetwork({
  listen: { host: '127.0.0.1', port: 0 },
  tls: null,
  sendQueueLimitBytes: 1_000_000,
  maxFrameBytes: 1_000_000,
  snapshotRateBytesPerSecond: 1_000_000,
  ...timing,
  log: { info: ignore, warn: ignore },
});
await network.start(helloOf(2), {
  frame: ignore,
  connected: (peer) => network.send(peer, call(1)),
  disconnected: ignore,
  refused: ignore,
  snapshotOffered: () => Promise.resolve(null),
});
createInterface({ input: process.stdin }).once('line', (line) => {
  network.setPeers([JSON.parse(line) as Peer], 2);
  const self: Peer = { id: 2, address: network.address(), incarnation: 'incarnation-2' };
  process.stdout.write(`${JSON.stringify(self)}\n`);
});
