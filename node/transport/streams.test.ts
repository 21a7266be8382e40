import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../../test/free-ports.ts';
import { parseAddress } from './address.ts';
import { FrameType } from './frame-types.ts';
import { FrameWriter } from './frame-writer.ts';
import { writeOpening } from './greetings.ts';
import { call, callsFrom, ended, helloOf, linkAll, startMember, until } from './testing/members.ts';
import { startProxy } from './testing/proxy.ts';
import type { Hello, Peer } from './types.ts';

test('a clean stop is heard as deliberate on both streams, after all that was sent', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  await linkAll([one, two]);
  for (let id = 0; id < 1000; id++) one.network.send(2, call(id, 'x'.repeat(1000)));
  await one.network.close();
  await until(() => two.disconnected.length === 2);
  assert.deepEqual(two.disconnected, [
    { from: 1, isDeliberate: true },
    { from: 1, isDeliberate: true },
  ]);
  assert.equal(two.frames.length, 1000);
  assert.deepEqual(one.disconnected, []);
});

test('a member that is killed is heard as a crash at once, on both streams', async (t) => {
  const survivor = await startMember(t, 1);
  const child = spawn(process.execPath, [new URL('./testing/member-process.ts', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  child.stdin.write(`${JSON.stringify(survivor.peer())}\n`);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  survivor.network.setPeers([JSON.parse(line.toString()) as Peer], 2);
  await until(() => survivor.isConnectedTo(2) && survivor.frames.length > 0);
  child.kill('SIGKILL');
  const killedAtMs = performance.now();
  await until(() => survivor.disconnected.length === 2);
  const heardAfterMs = performance.now() - killedAtMs;
  assert.deepEqual(
    survivor.disconnected.map(({ isDeliberate }) => isDeliberate),
    [false, false],
  );
  assert.ok(heardAfterMs < 2000, `heard after ${heardAfterMs} ms`);
});

test('a cut connection is heard as a crash by both sides and made anew', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  const proxy = await startProxy(t, two.network.address());
  two.network.setPeers([{ ...one.peer(), address: '127.0.0.1:1' }], 2);
  one.network.setPeers([{ ...two.peer(), address: proxy.address }], 2);
  await until(() => one.isConnectedTo(2));
  proxy.cut();
  await until(() => one.disconnected.length === 1 && two.disconnected.length === 1);
  assert.equal(one.disconnected[0]!.isDeliberate, false);
  assert.equal(two.disconnected[0]!.isDeliberate, false);
  await until(() => one.connected.length === 2);
  one.network.send(2, call(1));
  await until(() => two.frames.length === 1);
});

test('a stream on which nothing comes any more is given up by both sides and made anew', async (t) => {
  const options = { keepAliveMs: 20 };
  const [one, two] = [await startMember(t, 1, { options }), await startMember(t, 2, { options })];
  const proxy = await startProxy(t, two.network.address());
  two.network.setPeers([{ ...one.peer(), address: '127.0.0.1:1' }], 2);
  one.network.setPeers([{ ...two.peer(), address: proxy.address }], 2);
  await until(() => one.isConnectedTo(2));
  proxy.freeze();
  await until(() => one.disconnected.length === 1);
  assert.equal(one.disconnected[0]!.isDeliberate, false);
  await until(() => one.connected.length === 2);
  one.network.send(2, call(1));
  await until(() => two.frames.length === 1);
});

test('a stream that a newer one of the same peer replaces ends without a word to the driver', async (t) => {
  const two = await startMember(t, 2);
  two.network.setPeers([{ id: 1, address: '127.0.0.1:1', incarnation: 'incarnation-1' }], 2);
  const first = rawStream(two.network.address(), helloOf(1), two.peer());
  await until(() => two.network.peers()[0]!.bytesReceived > 0);
  const second = rawStream(two.network.address(), helloOf(1), two.peer());
  const [goodbye] = await Promise.all([first.received, first.closed]);
  assert.match(goodbye().toString(), /replaced by a newer stream/);
  second.socket.resetAndDestroy();
  await until(() => two.disconnected.length > 0);
  assert.deepEqual(two.disconnected, [{ from: 1, isDeliberate: false }]);
});

test('a peer that starts again at the same address is found again', async (t) => {
  const listen = { host: '127.0.0.1', port: await freePorts(1) };
  const one = await startMember(t, 1);
  const before = await startMember(t, 2, { options: { listen } });
  await linkAll([one, before]);
  await before.network.close();
  await until(() => !one.isConnectedTo(2));
  one.network.send(2, call(0));
  const after = await startMember(t, 2, { options: { listen } });
  after.network.setPeers([one.peer()], 2);
  await until(() => one.isConnectedTo(2) && after.isConnectedTo(1));
  one.network.send(2, call(1));
  await until(() => after.frames.length === 1);
  assert.deepEqual(callsFrom(after, 1), [1]);
  assert.equal(one.network.peers()[0]!.messagesDropped, 1);
});

test('a peer whose name does not stand for its new address yet is found where it calls from', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  const { port } = parseAddress(two.network.address());
  one.network.setPeers([{ ...two.peer(), address: `moved.invalid:${port}` }], 2);
  await until(() => one.logged.some(({ event }) => event === 'peer_not_connected'));
  two.network.setPeers([one.peer()], 2);
  await until(() => one.isConnectedTo(2));
  one.network.send(2, call(1));
  await until(() => two.frames.length === 1);
});

test('a peer that moves is dialled at its new address', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  const proxy = await startProxy(t, two.network.address());
  await linkAll([one, two]);
  one.network.setPeers([{ ...two.peer(), address: proxy.address }], 2);
  await until(() => proxy.connectionCount === 1 && one.isConnectedTo(2));
  assert.deepEqual(one.disconnected, []);
  assert.equal(
    two.disconnected.every(({ isDeliberate }) => isDeliberate),
    true,
  );
});

test('an address that makes no sense is logged and tried again, and stops nothing', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  one.network.setPeers([two.peer(), { id: 3, address: 'nowhere', incarnation: 'incarnation-3' }], 3);
  two.network.setPeers([one.peer()], 3);
  await until(() => one.isConnectedTo(2));
  await until(() => one.logged.some(({ fields }) => String(fields['reason']).includes('"nowhere" is not an address')));
});

test('frames beyond the queue limit are dropped and counted, and the rest still arrives', async (t) => {
  const one = await startMember(t, 1, { options: { sendQueueLimitBytes: 100_000 } });
  const two = await startMember(t, 2);
  await linkAll([one, two]);
  const before = one.network.peers()[0]!.messagesSent;
  for (let id = 0; id < 300; id++) one.network.send(2, call(id, 'x'.repeat(1000)));
  const [state] = one.network.peers();
  assert.ok(state!.messagesDropped > 150, `dropped ${state!.messagesDropped}`);
  const sent = state!.messagesSent - before;
  assert.equal(sent + state!.messagesDropped, 300);
  await until(() => two.frames.length === sent);
  one.network.send(2, call(300));
  await until(() => two.frames.length === sent + 1);
});

test('what is sent in one turn goes out in one write', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  const proxy = await startProxy(t, two.network.address());
  two.network.setPeers([{ ...one.peer(), address: '127.0.0.1:1' }], 2);
  one.network.setPeers([{ ...two.peer(), address: proxy.address }], 2);
  await until(() => one.isConnectedTo(2) && one.network.peers()[0]!.roundTripMs !== null);
  const before = proxy.chunkCount;
  for (let id = 0; id < 100; id++) one.network.send(2, call(id));
  await until(() => two.frames.length === 100);
  assert.equal(proxy.chunkCount - before, 1);
});

test('garbage instead of a hello closes the connection and is logged with the reason', async (t) => {
  const one = await startMember(t, 1);
  one.network.setPeers([], 0);
  const { host, port } = parseAddress(one.network.address());
  const socket = connect(port, host, () => socket.write('GET / HTTP/1.1\r\nHost: example\r\n\r\n'));
  await ended(socket);
  const [entry] = one.logged;
  assert.equal(entry?.event, 'peer_handshake_failed');
  assert.match(String(entry.fields['reason']), /a frame of 542393671 bytes was announced, allowed are 1 to 16384/);
});

test('garbage after the handshake closes the stream with a goodbye that says why', async (t) => {
  const two = await startMember(t, 2);
  two.network.setPeers([{ id: 1, address: '127.0.0.1:1', incarnation: 'incarnation-1' }], 2);
  const stream = rawStream(two.network.address(), helloOf(1), two.peer());
  stream.writer.begin(FrameType.Raft);
  stream.writer.byte(200);
  stream.writer.end();
  stream.flush();
  const [received] = await Promise.all([stream.received, stream.closed]);
  assert.match(received().toString(), /a frame ends within a field/);
  await until(() => two.disconnected.length === 1);
  assert.deepEqual(two.disconnected, [{ from: 1, isDeliberate: false }]);
});

test('a caller that says its hello too slowly is cut off', async (t) => {
  const one = await startMember(t, 1, { options: { handshakeTimeoutMs: 60 } });
  one.network.setPeers([], 0);
  const { host, port } = parseAddress(one.network.address());
  const socket = connect(port, host);
  const dripping = setInterval(() => socket.write(Buffer.from([9])), 10);
  t.after(() => clearInterval(dripping));
  await ended(socket);
  await until(() => one.logged.some(({ fields }) => fields['reason'] === 'no hello in time'));
});

test('a port in use is an error of start', async (t) => {
  const one = await startMember(t, 1);
  const listen = { host: '127.0.0.1', port: parseAddress(one.network.address()).port };
  await assert.rejects(startMember(t, 2, { options: { listen } }), { code: 'EADDRINUSE' });
});

/** A peer's stream by hand, to see what a member answers. */
function rawStream(address: string, hello: Hello, expected: Peer) {
  const writer = new FrameWriter(1_000_000);
  const { host, port } = parseAddress(address);
  const socket = connect(port, host);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  const flush = (): void => {
    for (const part of writer.take()) socket.write(part);
  };
  writeOpening(writer, { purpose: 'Stream', hello, expected });
  flush();
  const closed = ended(socket);
  return { socket, writer, flush, closed, received: closed.then(() => () => Buffer.concat(chunks)) };
}
