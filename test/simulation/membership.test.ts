/** Members that leave, step by step, where the order of a few messages decides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from './machine.ts';
import { ELECTION_TIMEOUT_MS, type Scenario, scenario } from './scenario.ts';

const TIMEOUT_MS = 5_000;

function phaseOf({ member }: Machine): string {
  const phase = member?.phase;
  return phase?.state === 'Parked' ? phase.reason : (phase?.state ?? 'Down');
}

function votersOf({ member }: Machine): readonly number[] {
  return member?.replica?.membership?.voters ?? [];
}

function othersThan(machine: Machine, { cluster }: Scenario): Machine[] {
  return cluster.machines.filter((other) => other !== machine);
}

test('a removed voter votes on while those that stay need it, and parks once nobody wants it', () =>
  scenario({ founders: 2, machines: 2 }, async (scene) => {
    const { network } = scene.cluster;
    const stays = scene.leader()!;
    const [leaves] = othersThan(stays, scene) as [Machine];
    const before = stays.member!.replica!.raftStatus().lastIndex;
    // The one that leaves learns that its removal is committed; that it knows is never heard.
    network.onSent = (from, _to, frame) => {
      if (from !== stays.address || frame.kind !== 'Raft') return;
      const isNews = frame.messages.some((message) => 'commit' in message && message.commit > before);
      if (isNews) network.block(leaves.address, stays.address);
    };
    void scene.ask(stays, (member) =>
      member.changeMembership({ kind: 'Remove', id: leaves.memberId! }, null, { timeoutMs: TIMEOUT_MS }),
    );
    await scene.until('it has applied its own removal', () => !votersOf(leaves).includes(leaves.memberId!));
    assert.deepEqual(votersOf(stays), [1, 2], 'the one that stays does not know yet that it needs nobody');
    stays.losePower();
    network.onSent = () => {};
    scene.heal();
    stays.start();
    await scene.until('the one that stays leads', () => stays.member?.replica?.isLeader ?? false);
    await scene.until('alone', () => votersOf(stays).length === 1);
    await scene.until('the other one is parked', () => phaseOf(leaves) === 'Removed');
    assert.equal(phaseOf(stays), 'Member');
  }));

test('a member that has to refuse a removed one is not taken for removed itself', () =>
  scenario({ founders: 3, machines: 3 }, async (scene) => {
    const leader = scene.leader()!;
    const [other, leaves] = othersThan(leader, scene) as [Machine, Machine];
    for (const machine of [leader, other]) scene.cut(machine, leaves);
    const change = { kind: 'Remove', id: leaves.memberId! } as const;
    const removed = await scene.ask(leader, (member) =>
      member.changeMembership(change, null, { timeoutMs: TIMEOUT_MS }),
    );
    assert.ok('answer' in removed);
    await scene.until('both know', () => votersOf(leader).length === 2 && votersOf(other).length === 2);
    other.losePower();
    await scene.until('nobody leads', () => scene.leader() === null);
    await scene.sleep(4 * ELECTION_TIMEOUT_MS);
    scene.heal();
    await scene.until('the removed one has heard it', () => phaseOf(leaves) === 'Removed');
    await scene.sleep(4 * ELECTION_TIMEOUT_MS);
    assert.equal(phaseOf(leader), 'Member', 'without a leader, and only refusals around it');
    other.start();
    await scene.until('a leader again', () => scene.leader() !== null);
  }));

for (const [what, wanted] of [
  ['of itself alone', (_asked: number, leader: number): number[] => [leader]],
  [
    'of itself and of the leader',
    (asked: number, leader: number): number[] => [1, 2, 3].filter((id) => id !== asked && id !== leader),
  ],
] as const) {
  test(`a follower answers the replacement ${what} that it was asked for`, () =>
    scenario({ founders: 3, machines: 3 }, async (scene) => {
      const leader = scene.leader()!;
      const [asked] = othersThan(leader, scene) as [Machine];
      const voters = wanted(asked.memberId!, leader.memberId!);
      const answered = await scene.ask(asked, (member) =>
        member.changeMembership({ kind: 'ReplaceVoters', voters }, null, { timeoutMs: TIMEOUT_MS }),
      );
      assert.ok('answer' in answered, JSON.stringify(answered));
      assert.equal(answered.answer.configIndex, scene.cluster.newestMembership()?.configIndex);
      assert.deepEqual(scene.cluster.newestMembership()?.voters, voters);
    }));
}

test('a follower answers its own removal', () =>
  scenario({ founders: 3, machines: 3 }, async (scene) => {
    const [asked] = othersThan(scene.leader()!, scene) as [Machine];
    const change = { kind: 'Remove', id: asked.memberId! } as const;
    const answered = await scene.ask(asked, (member) =>
      member.changeMembership(change, null, { timeoutMs: TIMEOUT_MS }),
    );
    assert.ok('answer' in answered, JSON.stringify(answered));
    await scene.until('it is parked', () => phaseOf(asked) === 'Removed');
  }));

test('a change of membership that is not durable here yet is waited for by who reads the membership', () =>
  scenario({ founders: 3, machines: 3 }, async (scene) => {
    const leader = scene.leader()!;
    const [other] = othersThan(leader, scene) as [Machine];
    const replica = other.member!.replica!;
    const change = { kind: 'AddUnclaimed', peerAddress: 'new:2380' } as const;
    const before = replica.store!.membership;
    void scene.ask(leader, (member) => member.changeMembership(change, null, { timeoutMs: TIMEOUT_MS }));
    await scene.until('it has applied the change', () => replica.store!.membership !== before);
    assert.equal(replica.membership, before, 'it is being made durable');
    other.disk.stall(ELECTION_TIMEOUT_MS / 2);
    const read = await scene.ask(other, (member) => member.cluster({ timeoutMs: TIMEOUT_MS }));
    assert.ok('answer' in read);
    assert.deepEqual(read.answer.membership, replica.store!.membership);
  }));
