import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rangeOf } from '../../node/store/range-of.ts';
import { scenario } from './scenario.ts';
import { ALL_KEYS, putOf } from './workload.ts';

const TIMEOUT_MS = 5_000;

test('reads are answered while a snapshot takes the place of the state that they read', () =>
  scenario({ founders: 3, machines: 3, maxLogBytes: 4_000 }, async (scene) => {
    const leader = scene.leader()!;
    const behind = scene.cluster.machines.find((machine) => machine !== leader)!;
    const others = scene.cluster.machines.filter((machine) => machine !== behind);
    for (const other of others) scene.cut(behind, other);
    const appliedBefore = behind.member!.replica!.store!.appliedIndex;
    for (let at = 0; leader.member!.replica!.raftStatus().firstIndex <= appliedBefore + 1; at++) {
      const written = await scene.ask(scene.leader() ?? leader, (member) =>
        member.propose(putOf(`k${at % 5}`, `${at}${'.'.repeat(200)}`, 0n), { timeoutMs: TIMEOUT_MS }),
      );
      assert.ok('answer' in written, JSON.stringify(written));
    }
    scene.heal();
    await scene.until('the snapshot is being installed', () => behind.mirror.isInstalling);
    const reads: Promise<string>[] = [];
    while (behind.mirror.isInstalling) {
      for (const consistency of ['serializable', 'linearizable'] as const) {
        const read = scene.ask(behind, (member) =>
          member.range(rangeOf(ALL_KEYS), { timeoutMs: TIMEOUT_MS, consistency }),
        );
        reads.push(read.then((outcome) => ('code' in outcome ? outcome.code : 'answered')));
      }
      await scene.sleep(0.05);
    }
    assert.ok(reads.length > 0);
    assert.deepEqual([...new Set(await Promise.all(reads))], ['answered']);
    assert.ok(behind.member!.replica!.store!.appliedIndex > appliedBefore);
  }));
