import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MembershipChange } from '../../node/store/types.ts';
import { Admin } from './admin.ts';
import { call, sleep } from './calls.ts';
import { Cluster } from './cluster.ts';
import { Losses } from './losses.ts';
import { quietPlan } from './scenario.ts';
import { synchronously } from './scheduler.ts';
import { World } from './world.ts';

const PATIENCE_MS = 60_000;

test('a learner whose emptied machine was told to be its old self is removed, and added once more', () =>
  synchronously(() => {
    const world = new World('its old self');
    const cluster = new Cluster(world, quietPlan({ founders: 3, machines: 3 }));
    const [first, second] = cluster.machines as [Machine, Machine];
    const change = async (wanted: MembershipChange): Promise<void> => {
      const ask = () =>
        call(world, first, PATIENCE_MS, (member) => member.changeMembership(wanted, null, { timeoutMs: PATIENCE_MS }));
      while ((await ask()).kind !== 'Answered') await sleep(world, 20);
    };
    const confuse = async (): Promise<void> => {
      await cluster.form();
      await change({ kind: 'Remove', id: 2 });
      second.wipe();
      second.start();
      while (second.incarnation === null || second.member === null) await sleep(world, 5);
      const { incarnation, name, address: peerAddress } = second;
      await change({ kind: 'AddLearner', name, peerAddress, incarnation });
      const peers = [{ id: 1, peerAddress: first.address, incarnation: first.incarnation! }];
      const record = { clusterId: cluster.clusterId, memberId: 2, incarnation, peers };
      await call(world, second, PATIENCE_MS, (member) => member.join(record));
    };
    void confuse();
    cluster.run(PATIENCE_MS, () => second.lastMemberId === 2 && cluster.newestMembership()?.lastMemberId === 4);

    const admin = new Admin(cluster, new Losses(cluster));
    admin.isQuiet = true;
    void admin.run();
    restartWhatEnds(cluster);
    const isRepaired = (): boolean => admin.isContent() && cluster.newestMembership()?.members.length === 3;
    assert.ok(cluster.run(2 * PATIENCE_MS, isRepaired), world.failure ?? 'not repaired');
    assert.deepEqual(cluster.newestMembership()?.voters, [1, 3, 5]);
  }));

type Machine = Cluster['machines'][number];

function restartWhatEnds(cluster: Cluster): void {
  for (const machine of cluster.machines) machine.start();
  cluster.world.scheduler.after(50, () => restartWhatEnds(cluster));
}
