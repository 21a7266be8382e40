import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allLinked, call, callsFrom, linkAll, startMember, until } from './testing/members.ts';

test('frames arrive in the order in which they were sent, in both directions', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  await linkAll([one, two]);
  const count = 2000;
  for (let id = 0; id < count; id++) {
    one.network.send(2, call(id));
    two.network.send(1, call(id));
    if (id % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => one.frames.length === count && two.frames.length === count);
  const inOrder = Array.from({ length: count }, (_, id) => id);
  assert.deepEqual(callsFrom(two, 1), inOrder);
  assert.deepEqual(callsFrom(one, 2), inOrder);
});

test('large payloads lie between small frames in order, with their content', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  await linkAll([one, two]);
  const data = Buffer.alloc(1_000_000, 'quorate');
  for (let id = 0; id < 5; id++) {
    one.network.send(2, call(id));
    one.network.send(2, { kind: 'ForwardedProposals', term: 1, proposals: [{ sequence: id, data }] });
  }
  await until(() => two.frames.length === 10);
  assert.deepEqual(callsFrom(two, 1), [0, 1, 2, 3, 4]);
  for (const { frame } of two.frames) {
    if (frame.kind === 'ForwardedProposals') assert.ok(data.equals(frame.proposals[0]!.data));
  }
});

test('peers() counts messages and bytes, and measures the round trip', async (t) => {
  const [one, two] = [await startMember(t, 1), await startMember(t, 2)];
  await linkAll([one, two]);
  const heartbeat = { kind: 'Heartbeat', from: 1, to: 2, term: 1, commit: 0, readCounter: 0 } as const;
  one.network.send(2, { kind: 'Raft', messages: [heartbeat, heartbeat] });
  one.network.send(2, call(1));
  await until(() => two.frames.length === 2 && one.network.peers()[0]!.roundTripMs !== null);
  const [sender] = one.network.peers();
  const [receiver] = two.network.peers();
  assert.equal(sender!.messagesSent, 3);
  assert.equal(receiver!.messagesReceived, 3);
  assert.ok(sender!.bytesSent > 0 && receiver!.bytesReceived > 0);
  assert.equal(sender!.hello?.clientUrl, 'http://127.0.0.1:2');
  assert.ok(sender!.roundTripMs! < 1000);
});

test('three members that are started in any order find each other', async (t) => {
  const one = await startMember(t, 1);
  const two = await startMember(t, 2);
  one.network.setPeers([two.peer()], 3);
  const three = await startMember(t, 3);
  await linkAll([one, two, three]);
  assert.ok(allLinked([one, two, three]));
});
