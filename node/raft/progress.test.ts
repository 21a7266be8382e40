import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inflights } from './inflights.ts';
import { Progress } from './progress.ts';
import type { RaftOptions } from './types.ts';

const LIMITS = { maxInflightMessages: 3, maxInflightBytes: 100 } as RaftOptions;

function peerAt(next: number): Progress {
  return new Progress({ id: 2, isLearner: false, isRecentlyActive: true, next }, LIMITS);
}

test('the window is full by messages or by bytes, and one large message fits', () => {
  const byMessages = new Inflights(2, 1000);
  byMessages.add(1, 1);
  assert.equal(byMessages.isFull, false);
  byMessages.add(2, 1);
  assert.equal(byMessages.isFull, true);
  const byBytes = new Inflights(100, 10);
  byBytes.add(1, 50);
  assert.equal(byBytes.isFull, true);
  byBytes.freeThrough(1);
  assert.equal(byBytes.isFull, false);
});

test('an acknowledgement frees everything before it', () => {
  const inflights = new Inflights(1000, 1_000_000);
  for (let index = 1; index <= 500; index++) inflights.add(index, 2);
  for (let index = 3; index <= 450; index += 3) inflights.freeThrough(index);
  assert.equal(inflights.count, 50);
  inflights.freeThrough(500);
  assert.equal(inflights.count, 0);
});

test('a refusal of another message than the probe under way is stale', () => {
  const peer = peerAt(8);
  assert.equal(peer.refuse(5, 4), false);
  assert.equal(peer.next, 8);
  assert.equal(peer.refuse(7, 3), true);
  assert.equal(peer.next, 4);
});

test('a refusal while replicating goes back to where the logs are known to agree, unless it is old', () => {
  const peer = peerAt(2);
  peer.acknowledge(5);
  peer.becomeReplicate();
  peer.next = 20;
  assert.equal(peer.refuse(4, 3), false);
  assert.equal(peer.refuse(12, 0), true);
  assert.equal(peer.state, 'Probe');
  assert.equal(peer.next, 6);
});

test('next never falls to match or below, whatever a hint says', () => {
  const peer = peerAt(8);
  peer.acknowledge(4);
  peer.next = 8;
  peer.refuse(7, 0);
  assert.equal(peer.next, 5);
});
