/** The time that entries carry, which idempotency keys are dropped by: it runs only while someone leads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from '../../node/store/types.ts';
import type { Machine } from './machine.ts';
import { type Scenario, scenario } from './scenario.ts';

const OUTAGE_MS = 50_000;

function put(scene: Scenario, machine: Machine, name: string): Promise<object> {
  const command: Command = {
    kind: 'Put',
    key: Buffer.from(name),
    value: Buffer.from(name),
    lease: 0n,
    ignoreValue: false,
    ignoreLease: false,
    returnPrevious: false,
  };
  return scene.ask(machine, (member) => member.propose(command, { timeoutMs: 2 * OUTAGE_MS }));
}

test('an outage of the quorum is no time, though a write has waited through it for the next leader', () =>
  scenario({ founders: 3, machines: 3 }, async (scene) => {
    const { machines } = scene.cluster;
    await put(scene, scene.leader()!, 'before');
    const timeMs = scene.leader()!.member!.replica!.store!.timeMs;
    for (const [n, one] of machines.entries()) for (const other of machines.slice(n + 1)) scene.cut(one, other);
    await scene.until('nobody leads', () => scene.leader() === null);
    const written = machines.map((machine, n) => put(scene, machine, `during ${n}`));
    await scene.sleep(OUTAGE_MS);
    scene.heal();
    await Promise.all(written);
    const passedMs = scene.leader()!.member!.replica!.store!.timeMs - timeMs;
    assert.ok(passedMs < OUTAGE_MS / 10, `${passedMs} ms of leader time have passed`);
  }));
