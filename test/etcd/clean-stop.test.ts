/** A member that is stopped answers what it has accepted, whatever that needs of others; a client tries the rest elsewhere. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { after, before, test } from 'node:test';
import { frame } from '../../node/etcd/testing/grpc-client.ts';
import { LocalCluster, type Member } from '../processes/local-cluster.ts';

const CALLS_AT_ONCE = 30;
const ANSWERS_BEFORE = 200;
const key = Buffer.from('key');
const calls = [
  ['KV/Range', frame('etcdserverpb.RangeRequest', { key })],
  ['Lease/LeaseTimeToLive', frame('etcdserverpb.LeaseTimeToLiveRequest', { ID: 7n })],
] as const;

let cluster: LocalCluster;

before(async () => {
  cluster = await LocalCluster.form(3);
});

after(() => cluster.remove());

/** Asks again and again until the member says goodbye. @returns how calls ended, but for those that it refused to begin */
async function endsUntilStopped(member: Member, onAnswers: () => void): Promise<Set<string>> {
  const session = connect(member.url);
  session.on('error', () => undefined);
  await once(session, 'connect');
  const ends = new Set<string>();
  let answers = 0;
  let isLeaving = false;
  session.once('goaway', () => {
    isLeaving = true;
  });
  const callers = Array.from({ length: CALLS_AT_ONCE }, async (_, n) => {
    const [path, request] = calls[n % calls.length]!;
    while (!isLeaving && !session.destroyed) {
      const end = await endOf(session, path, request);
      if (end !== null) ends.add(end);
      answers += 1;
      if (answers === ANSWERS_BEFORE) onAnswers();
    }
  });
  await Promise.all(callers);
  session.destroy();
  return ends;
}

/** As `path code message`, null when it was refused: whoever asks may then ask another one. */
async function endOf(session: ClientHttp2Session, path: string, request: Buffer): Promise<string | null> {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/etcdserverpb.${path}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let status = 'no status';
  const take = (headers: IncomingHttpHeaders): void => {
    if ('grpc-status' in headers) status = `${headers['grpc-status']} ${headers['grpc-message'] ?? ''}`;
  };
  stream.on('response', take).on('trailers', take);
  stream.on('error', () => undefined);
  stream.resume();
  stream.end(request);
  await new Promise<void>((resolve) => stream.once('close', resolve));
  return stream.rstCode === constants.NGHTTP2_REFUSED_STREAM ? null : `${path} ${status.trim()}`;
}

for (const which of ['a follower', 'the leader']) {
  test(`${which} is stopped while it is asked`, async () => {
    const leader = await cluster.leader(cluster.members.filter(({ process }) => process.exitCode === null));
    const member = which === 'the leader' ? leader : cluster.members.find((one) => one !== leader)!;
    const exited = once(member.process, 'exit');
    const ends = await endsUntilStopped(member, () => member.process.kill('SIGTERM'));
    assert.deepEqual([...ends].sort(), calls.map(([path]) => `${path} 0`).sort());
    assert.deepEqual(await exited, [0, null]);
    cluster.restart(member);
    await cluster.settled();
  });
}
