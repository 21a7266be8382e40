import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Machine } from './machine.ts';
import { type Scenario, scenario } from './scenario.ts';
import { putOf } from './workload.ts';

const TIMEOUT_MS = 5_000;
const KEYS = { key: Buffer.from('a'), rangeEnd: Buffer.from('z') };
const NEW_CLUSTER = { clusterId: 'a1b2c3d4e5f60718', nonce: 'consent' };

test('a recovery that is refused changes nothing', () =>
  scenario({ founders: 3, machines: 3 }, async (scene) => {
    const survivor = await loseQuorum(scene);
    const sameId = { ...NEW_CLUSTER, clusterId: scene.cluster.clusterId };
    const refused = await scene.ask(survivor, (member) => member.recover(sameId));
    assert.deepEqual(refused, { code: 'grant_conflict' });
    const asked = await scene.ask(survivor, (member) => member.readBarrier({ timeoutMs: 100 }));
    assert.deepEqual(asked, { code: 'no_leader' }, 'it serves on as what it was');
    assert.ok('answer' in (await scene.ask(survivor, (member) => member.recover(NEW_CLUSTER))));
    assert.equal(await put(scene, survivor), 'acknowledged');
  }));

test('a disk that fails at any step of a recovery ends the process, and the next one recovers when it is asked again', async () => {
  let isWithoutFailure = false;
  for (let count = 1; !isWithoutFailure; count++) {
    await scenario({ founders: 3, machines: 3 }, async (scene) => {
      const survivor = await loseQuorum(scene);
      survivor.mayDiskFail = true;
      survivor.disk.failSync(count);
      isWithoutFailure = 'answer' in (await scene.ask(survivor, (member) => member.recover(NEW_CLUSTER)));
      assert.ok(!isWithoutFailure || count > 5, 'it syncs more often than that');
      survivor.disk.failSync(0);
      survivor.start();
      await scene.until('the survivor is up', () => survivor.member?.phase.state === 'Member');
      const again = await scene.ask(survivor, (member) => member.recover(NEW_CLUSTER));
      assert.ok('answer' in again, `sync ${count}: ${JSON.stringify(again)}`);
      assert.equal(await put(scene, survivor), 'acknowledged', `sync ${count}`);
    });
  }
});

test('a watch that is asked for while a recovery replaces the state is refused, and not cut off by an error', () =>
  scenario({ founders: 3, machines: 3 }, async (scene) => {
    const leader = scene.leader()!;
    assert.equal(await put(scene, leader), 'acknowledged');
    const survivor = await loseQuorum(scene);
    let isRecovered = false;
    void scene
      .ask(survivor, (member) => member.recover(NEW_CLUSTER))
      .then(() => {
        isRecovered = true;
      });
    const codes = new Set<string>();
    while (!isRecovered) {
      const asked = await scene.ask(survivor, async (member) => {
        const watch = await member.watch({ ...KEYS, startRevision: 2, returnPrevious: false });
        return watch.next();
      });
      if ('code' in asked) codes.add(asked.code);
      await scene.sleep(0.5);
    }
    codes.delete('compacted'); // the new cluster, of its predecessor's revisions
    assert.deepEqual([...codes], ['stopping']);
  }));

/** All but one are gone, and that one knows no leader any more. */
async function loseQuorum(scene: Scenario): Promise<Machine> {
  const survivor = scene.cluster.machines[0]!;
  for (const machine of scene.cluster.machines) {
    if (machine === survivor) continue;
    machine.losePower();
    machine.mayRun = false;
  }
  await scene.until('a survivor without a leader', () => survivor.member?.replica?.leader === 0);
  return survivor;
}

async function put(scene: Scenario, machine: Machine): Promise<string> {
  const answer = await scene.ask(machine, (member) =>
    member.propose(putOf('after', 'x', 0n), { timeoutMs: TIMEOUT_MS }),
  );
  return 'answer' in answer ? 'acknowledged' : answer.code;
}
