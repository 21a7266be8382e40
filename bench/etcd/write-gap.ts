/**
 * How long writes stop when the leader is killed with -9, seen through another member. Writes are sent at a steady rate,
 * none waiting for the one before, so one that is lost with the leader does not count as a gap for as long as its
 * timeout is.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { frame } from '../../node/etcd/testing/grpc-client.ts';
import { leaderOf, type RunningCluster } from './member-process.ts';

const VALUE = Buffer.alloc(256, 'v');
const INTERVAL_MS = 5;
const WRITES_BEFORE = 200;
/** More than can be under way at the moment of the kill. */
const WRITES_AFTER = 400;

export type WriteGap = { readonly gapMs: number; readonly acknowledged: readonly string[] };

/** The killed member is running again when this returns. */
export async function measureWriteGap(cluster: RunningCluster): Promise<WriteGap> {
  const leader = await leaderOf(cluster);
  const survivor = cluster.members.find((member) => member !== leader)!;
  const session = connect(`http://${survivor.endpoint}`);
  const acknowledged: string[] = [];
  let attempts = 0;
  let hasStruck = false;
  let lastMs = 0;
  let longestMs = 0;
  const acknowledge = (key: string): void => {
    const nowMs = performance.now();
    if (hasStruck) longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (acknowledged.push(key) === WRITES_BEFORE) {
      hasStruck = true;
      leader.process().kill('SIGKILL');
    }
  };
  try {
    await new Promise<void>((resolve, reject) => {
      session.on('error', reject);
      const writing = setInterval(() => {
        if (acknowledged.length >= WRITES_BEFORE + WRITES_AFTER) {
          clearInterval(writing);
          resolve();
        } else {
          const key = `gap-${attempts++}`;
          put(session, key, acknowledge);
        }
      }, INTERVAL_MS);
    });
  } finally {
    session.destroy();
  }
  leader.restart();
  return { gapMs: longestMs, acknowledged };
}

function put(session: ClientHttp2Session, key: string, acknowledge: (key: string) => void): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/etcdserverpb.KV/Put',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('trailers', (trailers) => {
    if (trailers['grpc-status'] === '0') acknowledge(key);
  });
  stream.on('error', () => {});
  stream.resume();
  stream.end(frame('etcdserverpb.PutRequest', { key: Buffer.from(key), value: VALUE }));
}
