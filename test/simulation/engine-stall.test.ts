/** Members whose engine takes no writes for a while, though their disk does: what was applied to memory has nowhere to go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rangeOf } from '../../node/store/range-of.ts';
import type { Machine } from './machine.ts';
import { type Scenario, scenario } from './scenario.ts';

const SIZE = { founders: 3, machines: 3, diskBytes: 1 << 26 };
const STALL_MS = 6_000;
const TIMEOUT_MS = 200;
const VALUE = Buffer.alloc(20_000, 'x');
const ENOUGH = 100;
/** The limit on what waits to be applied is 100 kB, and what a leader sends unasked 20 kB; a few entries are on their way. */
const MOST_UNAPPLIED_BYTES = 180_000;

type Outcomes = { readonly acknowledged: string[]; readonly refused: Set<string> };

/** One write after the other, of far more than may wait. */
async function writeMuch(scene: Scenario, machine: Machine, name = 'k'): Promise<Outcomes> {
  const acknowledged: string[] = [];
  const refused = new Set<string>();
  for (let n = 0; n < ENOUGH; n++) {
    const outcome = await put(scene, machine, `${name}${n}`);
    if ('answer' in outcome) acknowledged.push(`${name}${n}`);
    else refused.add(outcome.code);
  }
  return { acknowledged, refused };
}

function put(scene: Scenario, machine: Machine, name: string): Promise<{ answer: unknown } | { code: string }> {
  return scene.ask(machine, (member) =>
    member.propose(
      {
        kind: 'Put',
        key: Buffer.from(name),
        value: VALUE,
        lease: 0n,
        ignoreValue: false,
        ignoreLease: false,
        returnPrevious: false,
      },
      { timeoutMs: TIMEOUT_MS },
    ),
  );
}

function unappliedBytes({ member }: Machine): number {
  return member!.replica!.unappliedEntries().reduce((bytes, { data }) => bytes + data.length, 0);
}

/** The engine goes on; every member then has applied the same, and everything that was acknowledged is there. */
async function assertNothingLost(scene: Scenario, { acknowledged }: Outcomes): Promise<void> {
  await scene.until('everyone has applied everything', () => {
    const { lastIndex } = scene.leader()?.member?.replica?.raftStatus() ?? { lastIndex: -1 };
    return scene.cluster.machines.every(({ member }) => member?.replica?.raftStatus().applied === lastIndex);
  });
  for (const { member } of scene.cluster.machines) {
    const { items } = await member!.replica!.store!.range(
      rangeOf({ key: Buffer.from('k'), rangeEnd: Buffer.from('l') }),
    );
    const names = new Set(items.map(({ key }) => key.toString()));
    assert.deepEqual(
      acknowledged.filter((name) => !names.has(name)),
      [],
    );
  }
}

test('a follower whose engine stalls takes no more than may wait, holds nobody up, and catches up', () =>
  scenario(SIZE, async (scene) => {
    const leader = scene.leader()!;
    const { term } = leader.member!.replica!;
    const stalled = scene.cluster.machines.find((machine) => machine !== leader)!;
    stalled.disk.stallEngine(STALL_MS);
    const outcomes = await writeMuch(scene, leader);
    assert.equal(outcomes.acknowledged.length, ENOUGH);
    assert.ok(unappliedBytes(stalled) > 0, 'its engine does stall');
    assert.ok(unappliedBytes(stalled) < MOST_UNAPPLIED_BYTES, `${unappliedBytes(stalled)} bytes wait there`);
    await scene.sleep(STALL_MS / 2);
    assert.equal(leader.member!.replica!.isLeader, true);
    assert.equal(stalled.member!.replica!.term, term, 'it hears its leader and starts no election');
    await assertNothingLost(scene, outcomes);
  }));

test('while its engine stalls a member says so: it is not ready, and reads there are told why', () =>
  scenario(SIZE, async (scene) => {
    const leader = scene.leader()!;
    const stalled = scene.cluster.machines.find((machine) => machine !== leader)!;
    const failing = (): string[] => stalled.member!.readiness().checks.flatMap(({ name, ok }) => (ok ? [] : [name]));
    assert.deepEqual(failing(), []);
    stalled.disk.stallEngine(STALL_MS);
    await writeMuch(scene, leader);
    await scene.until('it notices', () => failing().join() === 'storage');
    const refusal = await scene.ask(stalled, (member) => member.readBarrier({ timeoutMs: TIMEOUT_MS }));
    assert.ok('code' in refusal);
    assert.equal(refusal.code, 'not_ready');
    await scene.until('it is ready again', () => stalled.member!.readiness().ready);
  }));

test('a leader whose engine stalls refuses what it cannot apply, makes way, and catches up as a follower', () =>
  scenario(SIZE, async (scene) => {
    const stalled = scene.leader()!;
    const other = scene.cluster.machines.find((machine) => machine !== stalled)!;
    stalled.disk.stallEngine(STALL_MS);
    const first = await writeMuch(scene, other);
    assert.ok(unappliedBytes(stalled) < MOST_UNAPPLIED_BYTES, `${unappliedBytes(stalled)} bytes wait there`);
    assert.deepEqual([...first.refused], ['overloaded']);
    await scene.until('another one leads', () => scene.leader() !== null && scene.leader() !== stalled);
    const then = await writeMuch(scene, scene.leader()!, 'k again');
    assert.equal(then.acknowledged.length, ENOUGH);
    assert.ok(unappliedBytes(stalled) < MOST_UNAPPLIED_BYTES, `${unappliedBytes(stalled)} bytes wait there`);
    await assertNothingLost(scene, { acknowledged: [...first.acknowledged, ...then.acknowledged], refused: new Set() });
  }));

test('a member that is alone goes on leading while its engine stalls: it refuses what would pile up', () =>
  scenario({ ...SIZE, founders: 1, machines: 1 }, async (scene) => {
    const alone = scene.leader()!;
    const { term } = alone.member!.replica!;
    alone.disk.stallEngine(STALL_MS);
    const outcomes = await writeMuch(scene, alone);
    assert.ok(outcomes.acknowledged.length > 0);
    assert.deepEqual([...outcomes.refused].sort(), ['outcome_unknown', 'overloaded']);
    assert.ok(unappliedBytes(alone) < MOST_UNAPPLIED_BYTES, `${unappliedBytes(alone)} bytes wait`);
    await assertNothingLost(scene, outcomes);
    assert.equal(alone.member!.replica!.term, term);
    assert.ok('answer' in (await put(scene, alone, 'after')));
  }));
