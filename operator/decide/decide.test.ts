import assert from 'node:assert/strict';
import { test } from 'node:test';
import { raftClusterSpec } from '../api/spec.ts';
import type { RaftClusterSpec, RaftClusterSpecInput } from '../api/types.ts';
import { decide } from './decide.ts';
import { bugs } from './testing/bugs.ts';
import { isRecovering } from './testing/carry-out.ts';
import { faultMoves, isWhole, loseStatus, type Move, progressMoves } from './testing/moves.ts';
import { observeWorld } from './testing/observe-world.ts';
import { type Decide, explore, pass, seeded, untilQuiet, Violation, walk } from './testing/runs.ts';
import { newWorld, type World } from './testing/world.ts';

const specOf = (spec: RaftClusterSpecInput): RaftClusterSpec => raftClusterSpec.parse({ image: 'a', ...spec });

function formed(spec: RaftClusterSpecInput): World {
  const world = newWorld(specOf(spec), 0);
  untilQuiet(world, decide, []);
  assert.ok(isWhole(world));
  return world;
}

const allFaults = (world: World): Move[] => [...faultMoves(world), loseStatus];
const none = (): Move[] => [];

const three = formed({ replicas: 3 });

/** Every state, with every fault at every point where one is allowed. */
const spaces: readonly { readonly name: string; readonly start: World; readonly faults: (world: World) => Move[] }[] = [
  { name: 'one forms, with a fault anywhere', start: newWorld(specOf({ replicas: 1 }), 1), faults: allFaults },
  { name: 'three form', start: newWorld(specOf({ replicas: 3 }), 0), faults: none },
  { name: 'three lose one in any way', start: { ...structuredClone(three), faultsLeft: 1 }, faults: allFaults },
  { name: 'three become one', start: withSpec(three, { replicas: 1 }), faults: none },
  { name: 'one becomes three', start: withSpec(formed({ replicas: 1 }), { replicas: 3 }), faults: none },
  { name: 'three roll', start: withSpec(three, { image: 'b' }), faults: none },
  { name: 'three sleep', start: withSpec(three, { replicas: 0 }), faults: none },
];

function withSpec(world: World, change: Partial<RaftClusterSpec>): World {
  return { ...structuredClone(world), spec: { ...world.spec, ...change } };
}

const MOST_STATES = 2_000;

for (const { name, start, faults } of spaces) {
  test(`no act breaks a promise in any state: ${name}`, () => {
    const { states } = explore(start, decide, faults, MOST_STATES);
    assert.ok(states > 10, `${states} states`);
  });
}

/** Why a cluster may be at rest without being whole. */
const legitimate = [
  /^spec\.replicas is 0/,
  /^the quorum is lost$/,
  // After a status was lost nobody knows who voted.
  /^no linearizable read/,
  // With the policy Retain, by its user's wish.
  /^volume \S+ (is kept for you|holds a former member and is kept)/,
  // Founders lost before they accepted: nobody forms twice.
  /^too few founders answer/,
];

function mustBeWhole(world: World): void {
  const members = world.rafts[world.status.clusterID ?? '']?.members ?? [];
  if (observeWorld(world).configuration !== null) {
    for (const [name, pod] of Object.entries(world.pods)) {
      const member = members.find((one) => one.name === name);
      if (pod.phase !== 'Running' || member?.role.toLowerCase() === pod.role) continue;
      assert.ok(member === undefined && pod.role === null, `${name} is labelled ${pod.role}`);
    }
  }
  if (isWhole(world)) return;
  const { plan, act } = decide(observeWorld(world));
  assert.equal(act, null);
  assert.ok(
    legitimate.some((reason) => reason.test(plan.reason)),
    `at rest, but not whole: ${JSON.stringify(plan)}`,
  );
  if (world.spec.replicas === 0 || isRecovering(world)) return;
  for (const [name, { clusterId, isReleased }] of Object.entries(world.volumes))
    if (clusterId !== null && !isReleased)
      assert.ok(world.pods[name.replace(/^data-/, '')] !== undefined, `${name} has data and no pod`);
}

for (let seed = 1; seed <= 40; seed++) {
  test(`faults and changes of mind at random, then a whole cluster: seed ${seed}`, () => {
    const random = seeded(seed);
    const trace: string[] = [];
    const spec = specOf({ replicas: [1, 2, 3, 3, 5][Math.floor(random() * 5)]! });
    const world = walk(spec, random, decide, trace);
    try {
      mustBeWhole(world);
    } catch (error) {
      throw new Violation([(error as Error).message], trace);
    }
  });
}

test('a consent that is taken back before anything was given up stops nobody: the quorum returns with the nodes', () => {
  const world = structuredClone(three);
  for (const name of ['c-0', 'c-1']) world.deadNodes[name] = 'Silent';
  untilQuiet(world, decide, []);
  const nonce = world.status.quorumRecovery?.nonce;
  assert.ok(nonce !== undefined);
  const { quorumRecovery } = world.spec;
  world.spec = { ...world.spec, quorumRecovery: { ...quorumRecovery, acknowledge: nonce } };
  untilQuiet(world, decide, []);
  assert.equal(world.status.quorumRecovery?.step, 'StoppingOthers');
  assert.deepEqual(world.sets.Voters, { start: 2, replicas: 1 });

  world.spec = { ...world.spec, quorumRecovery };
  world.deadNodes = {};
  untilQuiet(world, decide, []);
  assert.ok(isWhole(world));
  assert.equal(world.status.quorumRecovery, undefined);
});

test('with the mode Never a lost quorum offers nothing, and takes back what it had offered', () => {
  const never = { mode: 'Never' } as const;
  for (const quorumRecovery of [never, undefined]) {
    const world = withSpec(three, quorumRecovery === undefined ? {} : { quorumRecovery });
    for (const name of ['c-0', 'c-1']) world.deadNodes[name] = 'Silent';
    const before = Object.keys(world.volumes);
    untilQuiet(world, decide, []);
    assert.equal(world.status.quorumRecovery?.step, quorumRecovery === undefined ? 'Offered' : undefined);
    world.spec = { ...world.spec, quorumRecovery: never };
    const { plan } = untilQuiet(world, decide, []);
    assert.equal(world.status.quorumRecovery, undefined);
    assert.equal(plan.reason, 'the quorum is lost');
    assert.match(plan.blockers.join('; '), /2 are away: c-0, c-1; spec\.quorumRecovery\.mode is Never/);
    assert.deepEqual(Object.keys(world.volumes), before);
    world.deadNodes = {};
    untilQuiet(world, decide, []);
    assert.ok(isWhole(world));
  }
});

test('a survivor that sleeps before the others are back wakes as itself, whatever its ordinal', () => {
  const world = structuredClone(three);
  for (const name of ['c-0', 'c-1']) {
    delete world.volumes[`data-${name}`];
    delete world.pods[name];
  }
  untilQuiet(world, decide, []);
  const nonce = world.status.quorumRecovery?.nonce;
  assert.ok(nonce !== undefined);
  world.spec = { ...world.spec, quorumRecovery: { ...world.spec.quorumRecovery, acknowledge: nonce } };
  for (let passes = 0; world.status.quorumRecovery?.step !== 'Done' && passes < 200; passes++) {
    pass(world, decide, []);
    for (const { apply } of progressMoves(world).slice(0, 1)) apply(world);
  }
  assert.deepEqual(world.sets.Voters, { start: 2, replicas: 1 });

  world.spec = { ...world.spec, replicas: 0 };
  untilQuiet(world, decide, []);
  assert.deepEqual(Object.keys(world.pods), []);
  world.spec = { ...world.spec, replicas: 3 };
  untilQuiet(world, decide, []);
  assert.ok(isWhole(world));
});

test('the survivor with the newest term in its log comes first, though the log of another is longer', () => {
  const world = formed({ replicas: 5 });
  for (const name of ['c-0', 'c-1', 'c-2']) world.deadNodes[name] = 'Silent';
  untilQuiet(world, decide, []);
  delete world.status.quorumRecovery;
  const observed = observeWorld(world);
  const logs: Readonly<Record<string, object>> = {
    'c-3': { last_term: 4, last_index: 90, commit: 80 },
    'c-4': { last_term: 5, last_index: 82, commit: 80 },
  };
  const slots = observed.slots.map((slot) => {
    const { name, report } = slot;
    if (report?.kind !== 'Answered') return slot;
    return { ...slot, report: { ...report, status: { ...report.status, ...logs[name] } } };
  });
  const { act } = decide({ ...observed, slots });
  assert.ok(act?.kind === 'Record');
  assert.deepEqual(act.status.quorumRecovery?.survivors, ['c-4', 'c-3']);
});

test('a StatefulSet that someone has scaled down is put back, though there is no quorum to ask', () => {
  const world = structuredClone(three);
  world.sets.Voters = { start: 0, replicas: 0 };
  world.pods = {};
  untilQuiet(world, decide, []);
  assert.ok(isWhole(world));
});

test('what is whole and quiet stays as it is', () => {
  const world = structuredClone(three);
  const before = JSON.stringify(world);
  assert.equal(decide(observeWorld(world)).act, null);
  assert.equal(decide(observeWorld(world)).plan.action, 'Steady');
  untilQuiet(world, decide, []);
  assert.equal(JSON.stringify(world), before);
});

for (const bug of bugs) {
  test(`a bug is caught: ${bug.name}`, () => {
    assert.match(firstViolation(bug.make), bug.caught);
  });
}

function firstViolation(make: () => Decide): string {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seeded(seed);
    try {
      walk(specOf({ replicas: seed % 2 === 0 ? 3 : 1 }), random, make(), []);
    } catch (error) {
      if (error instanceof Violation) return error.message.split('\n')[0]!;
      throw error;
    }
  }
  return 'nothing was noticed';
}
