/**
 * `npm run bench -- failover`: how long writes stop when the leader dies (kill -9) or falls silent (SIGSTOP), seen by a
 * client that writes through another member all the time.
 */
import { HttpConnection } from './http-connection.ts';
import { putRequest } from './http-load.ts';
import { LocalCluster, type LocalMember, statusOf } from './local-cluster.ts';

const VALUE = Buffer.alloc(256, 'v');
const SETTLE_MS = 1500;
/** Longer than any gap that would still be called a failover. */
const WATCH_MS = 8000;

export type FailoverKind = 'killed' | 'silent';

/** @returns the longest gap between acknowledged writes around each loss, in milliseconds */
export async function measureFailovers(kind: FailoverKind, rounds: number): Promise<number[]> {
  const cluster = await LocalCluster.start(3);
  try {
    const gaps: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const leader = await cluster.leader();
      const survivor = cluster.members.find(({ pid }) => pid !== leader.pid)!;
      gaps.push(await longestGap(survivor, () => process.kill(leader.pid, kind === 'killed' ? 'SIGKILL' : 'SIGSTOP')));
      if (kind === 'killed') cluster.restart(leader);
      else process.kill(leader.pid, 'SIGCONT');
      await allCaughtUp(cluster);
    }
    return gaps;
  } finally {
    await cluster.stop();
  }
}

async function longestGap(through: LocalMember, strike: () => void): Promise<number> {
  const connection = await HttpConnection.open(through.host, through.port);
  const request = putRequest(through.host, 'failover', VALUE);
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
  while (performance.now() - struckMs < WATCH_MS && (longestMs < 20 || performance.now() - lastMs > 100)) await sleep(20);
  await sleep(SETTLE_MS);
  connection.close();
  return longestMs;
}

async function allCaughtUp(cluster: LocalCluster): Promise<void> {
  for (;;) {
    const statuses = await Promise.all(cluster.members.map((member) => statusOf(member).catch(() => null)));
    const applied = statuses.map((status) => (status?.state === 'Member' && status.leader !== 0 ? status.applied! : -1));
    if (Math.min(...applied) >= 0 && Math.max(...applied) - Math.min(...applied) < 100) return;
    await sleep(50);
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
