import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Raft } from '../raft/raft.ts';
import type { RaftCore } from '../raft/types.ts';
import { decodeProposal, encodeProposal } from '../store/codec.ts';
import type { Command } from '../store/types.ts';
import type { Network, PeerFrame } from '../transport/types.ts';
import { LeaderTime } from './leader-time.ts';
import type { Observer } from './observer.ts';
import { Proposals } from './proposals.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { WritePath } from './write-path.ts';

const TERM = 3;
const OWN = 1;
const FOLLOWER = 2;

const put = (key: string): Command => ({
  kind: 'Put',
  key: Buffer.from(key),
  value: Buffer.from('v'),
  lease: 0n,
  returnPrevious: false,
  ignoreValue: false,
  ignoreLease: false,
});

/** A write path whose core takes all that a leader is given, and says what was proposed at once. */
function setUp() {
  const batches: string[][] = [];
  const sent: { to: number; frame: PeerFrame }[] = [];
  let lastIndex = 0;
  const core: Pick<RaftCore, 'role' | 'term' | 'leader' | 'propose' | 'awaitCommit'> = {
    role: 'Leader',
    term: TERM,
    leader: OWN,
    propose: (data) => {
      const keys = data.map((entry) => (decodeProposal(Buffer.from(entry)).command as { key: Buffer }).key.toString());
      batches.at(-1)!.push(...keys);
      const firstIndex = lastIndex + 1;
      lastIndex += data.length;
      return { accepted: true, term: TERM, firstIndex };
    },
    awaitCommit: () => undefined,
  };
  const clock = new ManualClock();
  const time = new LeaderTime(clock);
  time.begin(0);
  const path = new WritePath({
    raft: core as unknown as Raft,
    network: { send: (to: number, frame: PeerFrame) => void sent.push({ to, frame }) } as unknown as Network,
    clock,
    observer: { proposalRefused: () => undefined } as unknown as Observer,
    proposals: new Proposals(OWN, 100, 1 << 20),
    time,
    isGrowthRefused: () => false,
    notLeader: () => assert.fail('it leads'),
    schedule: () => undefined,
  });
  let sequence = 0;
  return {
    path,
    sent,
    submit: (key: string) => void path.submit(put(key), { timeoutMs: 1000 }),
    forward: (key: string) => {
      sequence += 1;
      const data = encodeProposal({ origin: FOLLOWER, sequence, timeMs: 0, idempotency: null, command: put(key) });
      path.forwarded(FOLLOWER, { kind: 'ForwardedProposals', term: TERM, proposals: [{ sequence, data }] });
    },
    /** What is proposed now. */
    handOver: (): string[] => {
      batches.push([]);
      path.handOver();
      return batches.at(-1)!;
    },
  };
}

test('while batches are on their way, what followers forward gathers with what this member was asked, and keeps nobody out', () => {
  const { path, submit, forward, handOver } = setUp();
  for (const key of ['f1', 'f2']) {
    forward(key);
    assert.deepEqual(handOver(), [key]);
  }
  submit('own');
  forward('f3');
  assert.deepEqual(handOver(), []);
  path.committed(1);
  assert.deepEqual(handOver(), ['own', 'f3']);
  forward('f4');
  assert.deepEqual(handOver(), []);
});

test('what followers have forwarded to a leader that is none any more goes back to them', () => {
  const { path, sent, forward, handOver } = setUp();
  for (const key of ['f1', 'f2', 'f3']) {
    forward(key);
    handOver();
  }
  path.roleChanged();
  const refused = { kind: 'ForwardRefused', term: TERM, sequences: [3], reason: 'NotLeader' };
  assert.deepEqual(sent, [{ to: FOLLOWER, frame: refused }]);
  assert.deepEqual(handOver(), []);
});
