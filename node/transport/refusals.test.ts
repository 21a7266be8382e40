import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../../test/free-ports.ts';
import { call, callsFrom, linkAll, startMember, type TestMember, until } from './testing/members.ts';
import type { Peer, RefusedHandshake } from './types.ts';

test('members of two clusters refuse each other, and both hear why', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2, { hello: { clusterId: '00000000000000ff' } })];
  await expectRefusals(one, two, 'ClusterIdMismatch', [two.peer()], [one.peer()]);
});

test('an address that belongs to another member is refused, and both hear why', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  const wrong: Peer = { id: 3, address: two.network.address(), incarnation: 'incarnation-3' };
  await expectRefusals(one, two, 'MemberIdMismatch', [wrong], [one.peer()]);
});

test('a member that lost its folder is refused under its old id, and both hear why', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  await expectRefusals(one, two, 'IncarnationMismatch', [two.peer()], [{ ...one.peer(), incarnation: 'before' }]);
});

test('builds without a common format refuse each other, and both hear why', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2, { hello: { format: 3, oldestFormat: 2 } })];
  await expectRefusals(one, two, 'FormatTooNew', [two.peer()], [one.peer()]);
});

test('a removed member that comes back is told so, and both hear why', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  await expectRefusals(one, two, 'Removed', [two.peer()], []);
});

test('a member that does not know its peers yet is asked again until it does', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  one.network.setPeers([two.peer()], 2);
  await until(() => one.refused.some(({ refusal }) => refusal.code === 'NotReady'));
  two.network.setPeers([one.peer()], 2);
  await until(() => one.isConnectedTo(2) && two.isConnectedTo(1));
});

test('more unknown members than a member takes are refused', async (t) => {
  const one = await startMember(t, 1);
  one.network.setPeers([], 0);
  const strangers = await Promise.all(
    Array.from({ length: 17 }, async (_, i) => {
      const stranger = await startMember(t, 2 + i);
      stranger.network.setPeers([one.peer()], 20);
      return stranger;
    }),
  );
  await until(() => strangers.filter((stranger) => stranger.isConnectedTo(1)).length === 16);
  await until(() => strangers.some(({ refused }) => refused.some(({ refusal }) => refusal.code === 'UnknownMember')));
});

test('a caller with an old address does not take the place of its own stream', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  await linkAll([one, two]);
  one.network.setPeers([two.peer(), { id: 3, address: two.network.address(), incarnation: 'incarnation-3' }], 3);
  await until(() => two.refused.length >= 3);
  one.network.send(2, call(1));
  await until(() => two.frames.length === 1);
  assert.deepEqual([...one.disconnected, ...two.disconnected], []);
});

test('a member that is removed while it is connected hears the reason with the goodbye', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  await linkAll([one, two]);
  one.network.setPeers([one.peer()], 2);
  await until(() => two.disconnected.length === 2);
  assert.deepEqual(
    two.disconnected.map(({ isDeliberate }) => isDeliberate),
    [true, true],
  );
  assert.equal(two.refused[0]?.refusal.code, 'Removed');
  assert.match(two.refused[0].refusal.message, /member 2 was removed from cluster 00000000000000c1/);
  assert.deepEqual(one.disconnected, []);
  assert.deepEqual(one.network.peers(), []);
});

test('a member that is behind takes a stream from one it has not heard of, and answers it', async (t) => {
  const joiner = await startMember(t, 4);
  joiner.network.setPeers([], 0);
  const listen = { host: '127.0.0.1', port: await freePorts(1) };
  const stranger = await startMember(t, 5, {
    hello: { peerAddress: `127.0.0.1:${listen.port}` },
    options: { listen },
  });
  stranger.network.setPeers([joiner.peer()], 5);
  await until(() => stranger.isConnectedTo(4) && joiner.isConnectedTo(5));
  stranger.network.send(4, call(1));
  await until(() => joiner.frames.length === 1);
  joiner.network.send(5, call(2));
  await until(() => callsFrom(stranger, 4).length === 1);
  // Once it is listed nothing is made anew; once it is known to be removed it is dropped.
  joiner.network.setPeers([stranger.peer()], 5);
  joiner.network.send(5, call(3));
  await until(() => callsFrom(stranger, 4).length === 2);
  assert.deepEqual(stranger.disconnected, []);
  joiner.network.setPeers([], 5);
  await until(() => stranger.refused.some(({ refusal }) => refusal.code === 'Removed'));
});

async function expectRefusals(
  one: TestMember,
  two: TestMember,
  code: RefusedHandshake['code'],
  peersOfOne: readonly Peer[],
  peersOfTwo: readonly Peer[],
): Promise<void> {
  // An address where nobody answers: only one of them calls.
  two.network.setPeers(
    peersOfTwo.map((peer) => ({ ...peer, address: '127.0.0.1:1' })),
    3,
  );
  one.network.setPeers(peersOfOne, 3);
  const heard = (member: TestMember): RefusedHandshake | undefined =>
    member.refused.find(({ refusal }) => refusal.code === code)?.refusal;
  await until(() => heard(one) !== undefined && heard(two) !== undefined);
  assert.equal(heard(one)!.message, heard(two)!.message);
  assert.deepEqual([...one.connected, ...two.connected], []);
}
