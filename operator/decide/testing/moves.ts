/** What the world does by itself: Kubernetes' controllers, members, faults, users. Each move is one small step. */
import { podName } from '../../api/names.ts';
import { CLUSTER } from './observe-world.ts';
import { BROKEN, clusterIdOf, folderOf, isAlive, leaderIn, runs, templateOf, votersOf, type World } from './world.ts';

export type Move = { readonly name: string; readonly apply: (world: World) => void };

/** Those that must happen sooner or later. */
export function progressMoves(world: World): Move[] {
  const moves: Move[] = [];
  for (const set of ['Voters', 'Readers'] as const) {
    const live = world.sets[set];
    for (let ordinal = 0; ordinal < 10; ordinal++) {
      const name = podName(CLUSTER, set, ordinal);
      const isAsked = live !== null && !world.isGone && ordinal >= live.start && ordinal < live.start + live.replicas;
      const pod = world.pods[name];
      const volume = world.volumes[`data-${name}`];
      if (isAsked && pod === undefined && volume?.isTerminating !== true)
        moves.push({ name: `make ${name}`, apply: makePod(name) });
      if (!isAsked && pod !== undefined && pod.phase !== 'Terminating') {
        moves.push({
          name: `stop ${name}`,
          apply: (w) => {
            w.pods[name]!.phase = 'Terminating';
          },
        });
      }
      if (pod === undefined && volume?.isTerminating === true) {
        moves.push({ name: `drop volume of ${name}`, apply: (w) => void delete w.volumes[`data-${name}`] });
      }
      if (pod === undefined) continue;
      const isNodeUp = world.deadNodes[name] === undefined;
      if (pod.phase === 'Terminating' && isNodeUp)
        moves.push({ name: `end ${name}`, apply: (w) => void delete w.pods[name] });
      if (pod.phase === 'Starting' && isNodeUp && !pod.template.includes(BROKEN))
        moves.push({ name: `start ${name}`, apply: startPod(name) });
      const folder = folderOf(world, name);
      const clusterId = folder === null ? null : clusterIdOf(folder);
      const isJoining = folder?.grant?.kind === 'Joiner' && !folder.hasState && clusterId !== null;
      if (
        isJoining &&
        runs(world, name) &&
        leaderIn(world, clusterId) !== 0 &&
        isListed(world, clusterId, folder.incarnation)
      ) {
        moves.push({
          name: `catch up ${name}`,
          apply: (w) => {
            folderOf(w, name)!.hasState = true;
          },
        });
      }
    }
  }
  for (const [id, raft] of Object.entries(world.rafts)) {
    const leader = leaderIn(world, id);
    if (leader !== 0 && leader !== raft.leader)
      moves.push({
        name: `elect ${leader}`,
        apply: (w) => {
          w.rafts[id]!.leader = leader;
        },
      });
  }
  for (const name of changedLosses(world)) moves.push({ name: `note ${name}`, apply: noteLoss(name) });
  for (const [name, how] of Object.entries(world.lost)) {
    if (how === 'Short')
      moves.push({
        name: `wait for ${name}`,
        apply: (w) => {
          w.lost[name] = 'Long';
        },
      });
  }
  return moves;
}

function isListed(world: World, clusterId: string, incarnation: string): boolean {
  return world.rafts[clusterId]?.members.some((member) => member.incarnation === incarnation) === true;
}

function makePod(name: string): (world: World) => void {
  return (world) => {
    world.volumes[`data-${name}`] ??= {
      id: `v${world.counter++}`,
      isTerminating: false,
      incarnation: null,
      clusterId: null,
      memberId: null,
      ownerUid: world.uid,
      isReleased: false,
      folder: null,
    };
    const volume = world.volumes[`data-${name}`]!.id;
    world.pods[name] = {
      id: `p${world.counter++}`,
      volume,
      template: templateOf(world),
      phase: 'Starting',
      role: null,
    };
    delete world.deadNodes[name];
  };
}

function startPod(name: string): (world: World) => void {
  return (world) => {
    world.pods[name]!.phase = 'Running';
    const volume = world.volumes[`data-${name}`];
    if (volume === undefined) return;
    volume.folder ??= { incarnation: `i${world.counter++}`, grant: null, hasState: false, isDamaged: false };
  };
}

/** What the next status would say of it, as status/member-status.ts says it. */
function isLostNow(world: World, name: string): boolean {
  const id = world.status.clusterID;
  const member = id === undefined ? undefined : world.rafts[id]?.members.find((one) => one.name === name);
  if (member === undefined || id === undefined || world.spec.replicas === 0) return false;
  const folder = folderOf(world, name);
  return (
    !runs(world, name) ||
    folder === null ||
    folder.isDamaged ||
    folder.incarnation !== member.incarnation ||
    folder.grant === null
  );
}

function changedLosses(world: World): string[] {
  const names = new Set([
    ...Object.keys(world.lost),
    ...Object.values(world.rafts).flatMap(({ members }) => members.map(({ name }) => name)),
  ]);
  return [...names].filter((name) => isLostNow(world, name) !== (world.lost[name] !== undefined));
}

function noteLoss(name: string): (world: World) => void {
  return (world) => {
    if (isLostNow(world, name)) world.lost[name] = 'Short';
    else delete world.lost[name];
  };
}

/** Those that may happen, a few times. */
export function faultMoves(world: World): Move[] {
  const moves: Move[] = [];
  for (const name of Object.keys(world.pods)) {
    const pod = world.pods[name]!;
    const folder = folderOf(world, name);
    if (pod.phase === 'Running')
      moves.push({
        name: `delete pod ${name}`,
        apply: (w) => {
          w.pods[name]!.phase = 'Terminating';
        },
      });
    if (folder !== null && !folder.isDamaged && folder.grant !== null) {
      moves.push({
        name: `damage ${name}`,
        apply: (w) => {
          folderOf(w, name)!.isDamaged = true;
        },
      });
    }
    moves.push({
      name: `lose volume of ${name}`,
      apply: (w) => {
        delete w.volumes[`data-${name}`];
        delete w.pods[name];
      },
    });
    if (world.deadNodes[name] === undefined) {
      moves.push({
        name: `stop node of ${name}`,
        apply: (w) => {
          w.deadNodes[name] = 'Silent';
        },
      });
      moves.push({
        name: `take node of ${name} out of service`,
        apply: (w) => {
          w.deadNodes[name] = 'OutOfService';
        },
      });
    }
  }
  moves.push(...markMoves(world));
  return moves.map(({ name, apply }) => ({
    name,
    apply: (w) => {
      apply(w);
      w.faultsLeft -= 1;
    },
  }));
}

/** A comparison that finds different keys: of one member, while a quorum agrees, or of nobody knows whom. */
function markMoves(world: World): Move[] {
  const id = world.status.clusterID ?? '';
  const raft = world.rafts[id];
  if (raft === undefined || leaderIn(world, id) === 0 || raft.members.length < 2) return [];
  const voters = votersOf(raft);
  const agreeing = voters.filter((voter) => !raft.marks.includes(voter.id));
  const marking = (name: string, mark: number): Move => ({ name, apply: (w) => void w.rafts[id]!.marks.push(mark) });
  const found = raft.members.filter((member) => {
    const left = agreeing.filter((voter) => voter.id !== member.id).length;
    return !raft.marks.includes(member.id) && left * 2 > voters.length;
  });
  return [
    ...found.map((member) => marking(`find other keys in ${member.name}`, member.id)),
    ...(raft.marks.length === 0 ? [marking('find other keys, nobody knows whose', 0)] : []),
  ];
}

/** By the user, who has mended what was wrong; a quorum must agree to it. Null when there is nothing to lift. */
export function liftMarks(world: World): Move | null {
  const id = world.status.clusterID ?? '';
  const raft = world.rafts[id];
  if (raft === undefined || raft.marks.length === 0 || leaderIn(world, id) === 0) return null;
  return {
    name: 'user: lifts the alarm',
    apply: (w) => {
      w.rafts[id]!.marks = [];
    },
  };
}

/** A status that was lost: restored from a backup of the API server, or applied anew. */
export const loseStatus: Move = {
  name: 'lose status',
  apply: (world) => {
    world.status = {};
    world.lost = {};
    world.faultsLeft -= 1;
  },
};

/** True when every voter of the cluster in status that there shall be is there, and nobody else. */
export function isWhole(world: World): boolean {
  const id = world.status.clusterID ?? '';
  const raft = world.rafts[id];
  if (raft === undefined) return false;
  const wanted = [
    ...Array.from(
      { length: world.spec.replicas },
      (_, ordinal) => [podName(CLUSTER, 'Voters', ordinal), 'Voter'] as const,
    ),
    ...Array.from(
      { length: world.spec.readReplicas },
      (_, ordinal) => [podName(CLUSTER, 'Readers', ordinal), 'Learner'] as const,
    ),
  ];
  return (
    raft.members.length === wanted.length &&
    wanted.every(([name, role]) =>
      raft.members.some((member) => member.name === name && member.role === role && isAlive(world, id, member)),
    ) &&
    Object.values(world.pods).every(({ template, phase }) => phase === 'Running' && template === templateOf(world))
  );
}
