/** For tests: members with real sockets on 127.0.0.1, which write down all that they hear. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createTcpNetwork, type TcpNetwork } from '../network.ts';
import type { TcpNetworkOptions, TransportClock } from '../options.ts';
import { ReloadingTls, type TlsFiles } from '../tls.ts';
import type {
  Hello,
  NetworkEvents,
  Peer,
  PeerFrame,
  RefusedHandshake,
  SnapshotOffer,
  SnapshotReceiver,
} from '../types.ts';

const realClock: TransportClock = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Of connections between members of one test. */
export const timing = {
  reconnect: { minMs: 5, maxMs: 50 },
  handshakeTimeoutMs: 2000,
  keepAliveMs: 1000,
  clock: realClock,
  random: (): number => 0.5,
};

export type TestMember = {
  readonly id: number;
  readonly hello: Hello;
  readonly network: TcpNetwork;
  readonly frames: { readonly from: number; readonly frame: PeerFrame }[];
  readonly connected: number[];
  readonly disconnected: { readonly from: number; readonly isDeliberate: boolean }[];
  readonly refused: { readonly address: string; readonly refusal: RefusedHandshake }[];
  readonly logged: { readonly event: string; readonly fields: Record<string, unknown> }[];
  /** As the others list it. */
  peer(): Peer;
  isConnectedTo(id: number): boolean;
};

export type TestMemberSettings = {
  readonly hello?: Partial<Hello>;
  readonly options?: Partial<TcpNetworkOptions>;
  readonly tlsFiles?: TlsFiles;
  readonly snapshotOffered?: (from: number, offer: SnapshotOffer) => Promise<SnapshotReceiver | null>;
};

export function helloOf(id: number): Hello {
  return {
    clusterId: '00000000000000c1',
    memberId: id,
    incarnation: `incarnation-${id}`,
    format: 1,
    oldestFormat: 1,
    peerAddress: '127.0.0.1:1',
    clientUrl: `http://127.0.0.1:${id}`,
    version: '0.0.0',
  };
}

/** Started, with no peers yet; closed when the test ends. */
export async function startMember(t: TestContext, id: number, settings: TestMemberSettings = {}): Promise<TestMember> {
  const logged: TestMember['logged'][number][] = [];
  const write = (fields: object, event: string): void => {
    logged.push({ event, fields: { ...fields } });
  };
  const network = createTcpNetwork({
    listen: { host: '127.0.0.1', port: 0 },
    tls: settings.tlsFiles === undefined ? null : new ReloadingTls(settings.tlsFiles, { info: write, warn: write }),
    sendQueueLimitBytes: 16 * 1024 * 1024,
    maxFrameBytes: 4 * 1024 * 1024,
    snapshotRateBytesPerSecond: 1e9,
    ...timing,
    log: { info: write, warn: write },
    ...settings.options,
  });
  const member: TestMember = {
    id,
    hello: { ...helloOf(id), ...settings.hello },
    network,
    frames: [],
    connected: [],
    disconnected: [],
    refused: [],
    logged,
    peer: () => ({ id, address: network.address(), incarnation: member.hello.incarnation }),
    isConnectedTo: (other) => network.peers().some((state) => state.id === other && state.isConnected),
  };
  const events: NetworkEvents = {
    frame: (from, frame) => void member.frames.push({ from, frame }),
    connected: (peer) => void member.connected.push(peer),
    disconnected: (from, isDeliberate) => void member.disconnected.push({ from, isDeliberate }),
    refused: (address, refusal) => void member.refused.push({ address, refusal }),
    snapshotOffered: settings.snapshotOffered ?? (() => Promise.resolve(null)),
  };
  await network.start(member.hello, events);
  t.after(() => network.close());
  return member;
}

/** Lists them all to each of them and waits until all streams are there. */
export async function linkAll(members: readonly TestMember[]): Promise<void> {
  const peers = members.map((member) => member.peer());
  for (const member of members) member.network.setPeers(peers, lastId(members));
  await until(() => allLinked(members));
}

export function allLinked(members: readonly TestMember[]): boolean {
  return members.every((member) => members.every(({ id }) => id === member.id || member.isConnectedTo(id)));
}

export function lastId(members: readonly TestMember[]): number {
  return Math.max(...members.map(({ id }) => id));
}

export async function until(condition: () => boolean, timeoutMs = 8000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!condition()) {
    assert.ok(performance.now() < deadlineMs, `not within ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Reads a socket to its end, with or without an error. */
export function ended(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  socket.resume();
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

export function call(id: number, body: unknown = null): PeerFrame {
  return { kind: 'Call', id, method: 'test', body };
}

/** Ids of the calls that came from `from`, in order. */
export function callsFrom(member: TestMember, from: number): number[] {
  return member.frames.flatMap((got) => (got.from === from && got.frame.kind === 'Call' ? [got.frame.id] : []));
}
