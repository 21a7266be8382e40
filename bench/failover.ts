/**
 * `npm run bench -- failover`: how long writes stop when the leader dies (kill -9) or falls silent (SIGSTOP), seen by a
 * client that writes through another member all the time.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { LocalCluster, type Member } from '../test/processes/local-cluster.ts';
import { HttpConnection } from './http-connection.ts';
import { putRequest } from './http-load.ts';

const VALUE = Buffer.alloc(256, 'v');
const SETTLE_MS = 1500;
/** Longer than any gap that would still be called a failover. */
const WATCH_MS = 8000;

export type FailoverKind = 'killed' | 'silent';

/** @returns the longest gap between acknowledged writes around each loss, in milliseconds */
export async function measureFailovers(kind: FailoverKind, rounds: number): Promise<number[]> {
  const cluster = await LocalCluster.form(3);
  try {
    const gaps: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const leader = await cluster.leader();
      const survivor = cluster.members.find((member) => member !== leader)!;
      gaps.push(await longestGap(survivor, () => void leader.process.kill(kind === 'killed' ? 'SIGKILL' : 'SIGSTOP')));
      if (kind === 'killed') cluster.restart(leader);
      else leader.process.kill('SIGCONT');
      await cluster.settled();
    }
    return gaps;
  } finally {
    await cluster.remove();
  }
}

async function longestGap(through: Member, strike: () => void): Promise<number> {
  const connection = await HttpConnection.open('127.0.0.1', through.port);
  const request = putRequest(through.url.slice('http://'.length), 'failover', VALUE);
  let lastMs = performance.now();
  let longestMs = 0;
  let hasStruck = false;
  connection.onAnswer = (status) => {
    const nowMs = performance.now();
    if (status < 400) {
      if (hasStruck) longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
    }
    connection.send(request);
  };
  connection.send(request);
  await sleep(SETTLE_MS);
  hasStruck = true;
  const struckMs = performance.now();
  strike();
  while (performance.now() - struckMs < WATCH_MS && (longestMs < 20 || performance.now() - lastMs > 100))
    await sleep(20);
  await sleep(SETTLE_MS);
  connection.close();
  return longestMs;
}
