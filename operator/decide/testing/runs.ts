/** Ways through the world: until it is quiet, at random, or all of them up to a number of states. */
import type { RaftClusterSpec } from '../../api/types.ts';
import type { Observed } from '../../observe/types.ts';
import type { Decision } from '../types.ts';
import { carryOut } from './carry-out.ts';
import { faultMoves, liftMarks, loseStatus, type Move, progressMoves } from './moves.ts';
import { observeWorld } from './observe-world.ts';
import { BROKEN, newWorld, type World } from './world.ts';

export type Decide = (observed: Observed) => Decision;

/** What went wrong, and how it came to that. */
export class Violation extends Error {
  constructor(problems: readonly string[], trace: readonly string[]) {
    super(`${problems.join('; ')}\n${trace.join('\n')}`);
  }
}

/** One pass of the operator. @throws Violation */
export function pass(world: World, decide: Decide, trace: string[]): Decision {
  const decision = decide(observeWorld(world));
  if (decision.act !== null)
    trace.push(`  operator: ${decision.act.kind} ${decision.plan.subject}: ${decision.plan.reason}`);
  const problems = carryOut(world, decision);
  if (problems.length > 0) throw new Violation(problems, trace);
  return decision;
}

const MOST_ROUNDS = 400;

/** Without further faults: the operator and the world in turn, until neither has anything to do. @throws Violation */
export function untilQuiet(world: World, decide: Decide, trace: string[]): Decision {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = JSON.stringify(world);
    const decision = world.isGone ? null : pass(world, decide, trace);
    for (
      let moves = progressMoves(world), step = 0;
      moves.length > 0 && step < 10;
      moves = progressMoves(world), step++
    ) {
      trace.push(moves[0]!.name);
      moves[0]!.apply(world);
    }
    const isQuiet = (decision?.act ?? null) === null && JSON.stringify(world) === before;
    if (isQuiet) return decision ?? decide(observeWorld(world));
  }
  throw new Violation([`no rest after ${MOST_ROUNDS} rounds`], trace.slice(-60));
}

/** A user who changes their mind, and consents to whatever is offered. */
export function editMoves(world: World): Move[] {
  const edit = (name: string, change: (spec: RaftClusterSpec) => Partial<RaftClusterSpec>): Move => ({
    name: `user: ${name}`,
    apply: (w) => {
      w.spec = { ...w.spec, ...change(w.spec) };
    },
  });
  const nonce = world.status.quorumRecovery?.nonce;
  return [
    ...[0, 1, 2, 3, 4, 5].map((replicas) => edit(`replicas ${replicas}`, () => ({ replicas }))),
    ...[0, 1, 2].map((readReplicas) => edit(`readReplicas ${readReplicas}`, () => ({ readReplicas }))),
    ...['a', 'b', BROKEN].map((image) => edit(`image ${image}`, () => ({ image }))),
    ...(['Retain', 'Delete'] as const).map((scaleDownPolicy) =>
      edit(`scaleDownPolicy ${scaleDownPolicy}`, ({ storage }) => ({ storage: { ...storage, scaleDownPolicy } })),
    ),
    ...(nonce === undefined
      ? []
      : [
          edit('consents', ({ quorumRecovery }) => ({ quorumRecovery: { ...quorumRecovery, acknowledge: nonce } })),
          edit('names the survivor', ({ quorumRecovery }) => {
            const [survivor] = world.status.quorumRecovery?.survivors ?? [];
            return { quorumRecovery: survivor === undefined ? quorumRecovery : { ...quorumRecovery, survivor } };
          }),
          edit('withdraws', ({ quorumRecovery: { acknowledge: _, ...rest } }) => ({ quorumRecovery: rest })),
        ]),
  ];
}

const WALK_STEPS = 150;

/** One walk at random, then quiet. @returns the world at rest */
export function walk(spec: RaftClusterSpec, random: () => number, decide: Decide, trace: string[]): World {
  const world = newWorld(spec, 3);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  for (let step = 0; step < WALK_STEPS && !world.isGone; step++) {
    const chance = random();
    const progress = progressMoves(world);
    if (chance < 0.4) pass(world, decide, trace);
    else if (chance < 0.93) {
      if (progress.length > 0) make(world, pick(progress), trace);
    } else if (chance < 0.97) {
      if (world.faultsLeft > 0) make(world, pick([...faultMoves(world), loseStatus]), trace);
    } else make(world, pick(editMoves(world)), trace);
  }
  if (world.spec.image === BROKEN) world.spec = { ...world.spec, image: 'a' };
  // Silent nodes come back; what is out of service stays away.
  for (const [name, how] of Object.entries(world.deadNodes)) if (how === 'Silent') delete world.deadNodes[name];
  trace.push('from here on nothing happens by itself');
  untilQuiet(world, decide, trace);
  for (let again = 0; again < 4; again++) {
    const lift = liftMarks(world);
    if (lift === null && world.status.quorumRecovery?.step !== 'Offered') break;
    const edits = editMoves(world);
    for (const wanted of ['user: consents', 'user: names the survivor']) {
      const edit = edits.find(({ name }) => name === wanted);
      if (edit !== undefined) make(world, edit, trace);
    }
    if (lift !== null) make(world, lift, trace);
    untilQuiet(world, decide, trace);
  }
  return world;
}

function make(world: World, { name, apply }: Move, trace: string[]): void {
  trace.push(name);
  apply(world);
}

export type Explored = { readonly states: number; readonly isComplete: boolean };

/**
 * Every state that can be reached, breadth first: after each, the operator makes a pass, or the world makes any one of
 * its moves, or a fault happens while there are any left. An operator that is killed and comes back is among these, since
 * it remembers nothing.
 */
export function explore(start: World, decide: Decide, faults: (world: World) => Move[], mostStates: number): Explored {
  type Node = { readonly world: World; readonly from: Node | null; readonly how: string };
  const seen = new Set([canonical(start)]);
  let level: Node[] = [{ world: start, from: null, how: 'start' }];
  const traceOf = (node: Node | null): string[] => (node === null ? [] : [...traceOf(node.from), node.how]);
  while (level.length > 0) {
    const next: Node[] = [];
    for (const node of level) {
      const before = JSON.stringify(node.world);
      const moves: Move[] = [{ name: 'operator', apply: (w) => void pass(w, decide, traceOf(node)) }];
      if (!node.world.isGone) moves.push(...progressMoves(node.world));
      if (node.world.faultsLeft > 0) moves.push(...faults(node.world));
      for (const { name, apply } of moves) {
        const world = JSON.parse(before) as World;
        apply(world);
        const text = canonical(world);
        if (seen.has(text)) continue;
        seen.add(text);
        next.push({ world, from: node, how: name });
        if (seen.size >= mostStates) return { states: seen.size, isComplete: false };
      }
    }
    level = next;
  }
  return { states: seen.size, isComplete: true };
}

/** Ids by order of appearance: which number a pod has got does not matter. */
function canonical(world: World): string {
  const names = new Map<string, string>();
  const { counter: _, ...rest } = world;
  return JSON.stringify(rest).replace(/"([pvi])\d+"/g, (text, kind: string) => {
    const known = names.get(text) ?? `"${kind}#${names.size}"`;
    names.set(text, known);
    return known;
  });
}

/** Uniform in [0, 1), the same for the same seed (Numerical Recipes' linear congruence is enough to choose moves). */
export function seeded(seed: number): () => number {
  let state = (Math.imul(seed, 2_654_435_761) + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
