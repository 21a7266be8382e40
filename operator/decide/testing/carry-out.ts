/**
 * What an act does to the world, and what it must never do: every broken promise is a sentence. The checks know the
 * world itself, not what the operator was told of it.
 */
import type { ApiMember } from '../../../client/types.ts';
import { podName, type SetName } from '../../api/names.ts';
import type { Act, Decision } from '../types.ts';
import { CLUSTER } from './observe-world.ts';
import { clusterIdOf, folderOf, hasQuorum, isAlive, leaderIn, type Raft, runs, votersOf, type World } from './world.ts';

/** Changes `world`. @returns what was broken */
export function carryOut(world: World, decision: Decision): string[] {
  const { act, shape } = decision;
  // Children first, as a pass does; not before what is recorded, which they are made from.
  if (shape.mayApply && act?.kind !== 'Record' && act?.kind !== 'AddFinalizer') applyShape(world, decision);
  if (act === null) return [];
  const { clusterID = '' } = world.status;
  const hadQuorum = hasServing(world, clusterID);
  const problems = perform(world, act);
  return hadQuorum ? [...problems, ...brokenQuorum(world, clusterID, act)] : problems;
}

function applyShape(world: World, { shape }: Decision): void {
  for (const set of ['Voters', 'Readers'] as const) {
    if (world.sets[set] === null && (set === 'Voters' || shape.setReplicas.Readers > 0)) {
      world.sets[set] = { replicas: shape.setReplicas[set], start: 0 };
    }
  }
  for (const [name, role] of Object.entries(shape.roleLabels)) {
    const pod = world.pods[name];
    if (pod !== undefined) pod.role = role;
  }
}

function perform(world: World, act: Act): string[] {
  switch (act.kind) {
    case 'Record':
      return record(world, act.status);
    case 'LetStop':
      return ['members that stay are told to stop'];
    case 'AddFinalizer':
      world.hasFinalizer = true;
      return [];
    case 'RemoveFinalizer':
      world.isGone = true;
      return world.isDeleting ? [] : ['the finalizer of a RaftCluster that is not deleted is removed'];
    case 'Bootstrap':
      return bootstrap(world, act);
    case 'AddLearner':
      return change(world, act.expectedConfigIndex, (raft) => {
        const { slot: name, peerAddress: peer_address, incarnation } = act;
        if (raft.members.some((member) => member.name === name)) return [`${name} is added, whose name is held`];
        raft.members.push({ id: raft.nextId, name, peer_address, incarnation, role: 'Learner' });
        raft.nextId += 1;
        return [...tooManyLearners(world, raft), ...badSource(world)];
      });
    case 'Join':
      return join(world, act);
    case 'Promote':
      return change(world, act.expectedConfigIndex, (raft) => {
        const member = raft.members.find(({ id }) => id === act.memberId);
        if (member !== undefined)
          raft.members = raft.members.map((one) => (one === member ? { ...one, role: 'Voter' } : one));
        if (member === undefined) return ['a member is promoted that is none'];
        return raft.marks.includes(member.id) ? [`${member.name} gets a vote, whose keys differ`] : [];
      });
    case 'SetVoters':
      return change(world, act.expectedConfigIndex, (raft) => {
        const problems = votersOf(raft).every(({ id }) => act.voters.includes(id))
          ? []
          : ['a joint change drops a voter'];
        raft.members = raft.members.map((one) => (act.voters.includes(one.id) ? { ...one, role: 'Voter' } : one));
        return problems;
      });
    case 'RemoveMember':
      return change(world, act.expectedConfigIndex, (raft) => {
        const isLeader = leaderIn(world, world.status.clusterID ?? '') === act.memberId;
        const problems = [...(isLeader ? ['the leader is removed'] : []), ...lostEvidence(world, raft, act.memberId)];
        raft.members = raft.members.filter(({ id }) => id !== act.memberId);
        return problems;
      });
    case 'TransferLeader':
      return transfer(world, act.to);
    case 'MarkVolume':
      return onVolume(world, act.volume, (volume) => {
        Object.assign(volume, {
          incarnation: act.incarnation,
          clusterId: act.clusterId,
          memberId: act.memberId,
          ownerUid: world.uid,
        });
        return volume.folder?.incarnation === act.incarnation
          ? []
          : [`${act.volume.name} is marked with what it does not hold`];
      });
    case 'DeleteVolume':
      return onVolume(world, act.volume, (volume) => {
        volume.isTerminating = true;
        return isCountedOn(world, volume.folder?.incarnation ?? null)
          ? [`${act.volume.name} is destroyed, whose member counts`]
          : [];
      });
    case 'DisposeVolume':
      return onVolume(world, act.volume, (volume) => {
        volume.isTerminating = true;
        const isAllowed = world.isDeleting && world.spec.storage.reclaimPolicy === 'Delete';
        return isAllowed ? [] : [`${act.volume.name} is disposed of, though it shall stay`];
      });
    case 'ReleaseVolume':
      return onVolume(world, act.volume, (volume) => {
        volume.isReleased = true;
        return isCountedOn(world, volume.folder?.incarnation ?? null)
          ? [`${act.volume.name} is given up, whose member counts`]
          : [];
      });
    case 'GrowVolume':
      return [];
    case 'ScaleSet':
      return scale(world, act);
    case 'EvictPod':
    case 'DeletePod':
      return deletePod(world, act);
    case 'RecoverQuorum':
      return recover(world, act);
  }
}

/** What counts must be written before it is acted on, and formed stays formed. */
function record(world: World, status: Partial<World['status']>): string[] {
  const problems: string[] = [];
  if (world.status.hasFormed === true && 'hasFormed' in status && status.hasFormed !== true)
    problems.push('forming is forgotten');
  const { founding } = world.status;
  if (founding !== undefined && 'founding' in status && status.founding?.cluster_id !== founding.cluster_id) {
    problems.push('the founding record is replaced');
  }
  world.status = JSON.parse(JSON.stringify({ ...world.status, ...status })) as World['status'];
  return problems;
}

function bootstrap(world: World, act: Extract<Act, { kind: 'Bootstrap' }>): string[] {
  const { record: founding } = act;
  const problems: string[] = [];
  if (JSON.stringify(world.status.founding) !== JSON.stringify(founding))
    problems.push('a record is sent that is not written down');
  for (const slot of act.slots) {
    const folder = folderOf(world, slot);
    const self = founding.founders.find(({ incarnation }) => incarnation === folder?.incarnation);
    if (folder === null || self === undefined || !runs(world, slot)) continue;
    if (folder.grant !== null) continue;
    // One of which nothing is left anywhere, not even in status, is no cluster any more.
    const held = Object.values(world.volumes).map((volume) =>
      volume.folder === null ? null : clusterIdOf(volume.folder),
    );
    const others = [...new Set(held)].filter((id) => id !== null && id !== founding.cluster_id);
    if (others.length > 0) problems.push(`cluster ${founding.cluster_id} is formed beside ${others.join(', ')}`);
    folder.grant = { kind: 'Founder', record: founding, id: self.id };
    folder.hasState = true;
    world.rafts[founding.cluster_id] ??= {
      configIndex: 1,
      members: founding.founders.map((founder) => ({ ...founder, role: 'Voter' })),
      nextId: founding.founders.length + 1,
      leader: 0,
      marks: [],
    };
  }
  return problems;
}

function join(world: World, { slot, record: grant }: Extract<Act, { kind: 'Join' }>): string[] {
  const folder = folderOf(world, slot);
  if (folder === null || folder.incarnation !== grant.incarnation)
    return [`${slot} is told to join with another's record`];
  const isSame = folder.grant?.kind === 'Joiner' && folder.grant.id === grant.member_id;
  if (folder.grant !== null && !isSame) return [`${slot} is told to join, but belongs to a cluster`];
  folder.grant = { kind: 'Joiner', clusterId: grant.cluster_id, id: grant.member_id };
  return badSource(world);
}

function transfer(world: World, to: number): string[] {
  const id = world.status.clusterID ?? '';
  const raft = world.rafts[id];
  const member = raft === undefined ? undefined : votersOf(raft).find((voter) => voter.id === to);
  if (raft === undefined || member === undefined) return ['leadership is given to one that does not vote'];
  raft.leader = to;
  if (raft.marks.includes(to)) return ['leadership is given to one whose keys differ'];
  return isAlive(world, id, member) ? [] : ['leadership is given to one that is away'];
}

function change(world: World, expected: number, apply: (raft: Raft) => string[]): string[] {
  const id = world.status.clusterID ?? '';
  const raft = world.rafts[id];
  if (raft === undefined || !hasQuorum(world, id)) return ['a change of membership without a quorum'];
  if (raft.configIndex !== expected) return ['a change of membership on an old view'];
  raft.configIndex += 1;
  const problems = apply(raft);
  raft.marks = raft.marks.filter((mark) => mark === 0 || raft.members.some((member) => member.id === mark));
  return problems;
}

/** A newcomer's first snapshot is the leader's. */
function badSource(world: World): string[] {
  const id = world.status.clusterID ?? '';
  const marks = world.rafts[id]?.marks ?? [];
  return marks.includes(0) || marks.includes(leaderIn(world, id))
    ? ['a newcomer gets its keys from one that differs']
    : [];
}

/** Whose keys differ is replaced by its user alone; while nobody knows whose do, nobody is. */
function lostEvidence(world: World, raft: Raft, id: number): string[] {
  if (raft.marks.includes(0)) return ['a member is removed while nobody knows whose keys are right'];
  const member = raft.members.find((one) => one.id === id);
  if (member === undefined || !raft.marks.includes(id)) return [];
  const { replicas = 0, readReplicas = 0 } = world.status.target ?? {};
  const isWanted = Number(member.name.replace(/^\D*/, '')) < (member.name.includes('read') ? readReplicas : replicas);
  const isRunning =
    world.pods[member.name]?.phase === 'Running' && isAlive(world, world.status.clusterID ?? '', member);
  return isWanted && isRunning ? [`${member.name} is removed by the operator itself, because its keys differ`] : [];
}

function tooManyLearners(world: World, raft: Raft): string[] {
  const learners = raft.members.filter(({ role, name }) => role === 'Learner' && !name.includes('read')).length;
  const allowed = votersOf(raft).length === 1 && (world.status.target?.replicas ?? 0) >= 3 ? 2 : 1;
  return learners > allowed ? [`${learners} learners are being added at once`] : [];
}

function onVolume(
  world: World,
  ref: { readonly name: string; readonly uid: string },
  apply: (volume: World['volumes'][string]) => string[],
): string[] {
  const volume = world.volumes[ref.name];
  return volume === undefined || volume.id !== ref.uid
    ? [`${ref.name} is not the volume that was decided about`]
    : apply(volume);
}

/** Someone who matters holds it: a member of the configuration that is valid now. */
function isCountedOn(world: World, incarnation: string | null): boolean {
  const raft = world.rafts[world.status.clusterID ?? ''];
  return raft === undefined || raft.members.some((member) => member.incarnation === incarnation);
}

function scale(world: World, { set, replicas, start }: Extract<Act, { kind: 'ScaleSet' }>): string[] {
  const live = world.sets[set];
  if (live === null) return ['a StatefulSet is scaled that does not exist'];
  const problems: string[] = [];
  const isStopping = world.spec.replicas === 0 || world.isDeleting || isRecovering(world);
  const raft = world.rafts[world.status.clusterID ?? ''];
  for (let ordinal = 0; ordinal < 10 && !isStopping; ordinal++) {
    const name = podName(CLUSTER, set as SetName, ordinal);
    const isCut =
      ordinal >= live.start && ordinal < live.start + live.replicas && (ordinal < start || ordinal >= start + replicas);
    if (isCut && raft?.members.some((member) => member.name === name) === true)
      problems.push(`the ordinal of member ${name} is taken away`);
  }
  world.sets[set] = { replicas, start };
  return problems;
}

export function isRecovering({ status }: World): boolean {
  const step = status.quorumRecovery?.step;
  return step === 'StoppingOthers' || step === 'Recovering' || step === 'WipingOthers';
}

function deletePod(world: World, act: Extract<Act, { kind: 'EvictPod' | 'DeletePod' }>): string[] {
  const pod = world.pods[act.pod.name];
  if (pod === undefined || pod.id !== act.pod.uid) return [`${act.pod.name} is not the pod that was decided about`];
  if (act.kind === 'DeletePod' && act.force) {
    const isOut = world.deadNodes[act.pod.name] === 'OutOfService';
    delete world.pods[act.pod.name];
    return isOut ? [] : [`pod ${act.pod.name} is removed by force, though its node may run it`];
  }
  if (pod.phase === 'Starting') delete world.pods[act.pod.name];
  else pod.phase = 'Terminating';
  return [];
}

function recover(world: World, act: Extract<Act, { kind: 'RecoverQuorum' }>): string[] {
  const folder = folderOf(world, act.slot);
  if (folder === null || folder.grant === null || !runs(world, act.slot))
    return [`${act.slot} cannot recover anything`];
  const problems: string[] = [];
  const former = clusterIdOf(folder) ?? '';
  if (former === act.clusterId) return [];
  if (world.spec.quorumRecovery.acknowledge !== act.nonce) problems.push('a quorum is given up without consent');
  if (world.status.clusterID !== act.clusterId) problems.push('a new cluster id is used that is not written down');
  const running = Object.keys(world.pods).filter((name) => name !== act.slot);
  if (running.length > 0) problems.push(`${running.join(', ')} may still run while ${act.slot} goes on alone`);
  const { id } = folder.grant;
  const self: ApiMember = {
    id,
    name: act.slot,
    peer_address: `${act.slot}:2380`,
    incarnation: folder.incarnation,
    role: 'Voter',
  };
  folder.grant = { kind: 'Survivor', clusterId: act.clusterId, id };
  const nextId = (world.rafts[former]?.nextId ?? id) + 1;
  const marks = (world.rafts[former]?.marks ?? []).filter((mark) => mark === 0 || mark === id);
  world.rafts[act.clusterId] = { configIndex: 1, members: [self], nextId, leader: id, marks };
  return problems;
}

/** With a quorum before, there is one after, whatever the act stops: but for the restart of one or two voters. */
function brokenQuorum(world: World, id: string, act: Act): string[] {
  const raft = world.rafts[id];
  if (raft === undefined || hasServing(world, id)) return [];
  if (world.spec.replicas === 0 || world.isDeleting || isRecovering(world)) return [];
  const isRestart = act.kind === 'DeletePod' || act.kind === 'EvictPod' || act.kind === 'TransferLeader';
  if (isRestart && votersOf(raft).length <= 2) return [];
  return [`${act.kind} takes the quorum`];
}

/** A pod on its way out counts no more, though its process still answers; nor does one whose keys differ. */
function hasServing(world: World, id: string): boolean {
  const raft = world.rafts[id];
  if (raft === undefined) return false;
  const voters = votersOf(raft);
  const serving = voters.filter(
    (member) =>
      world.pods[member.name]?.phase === 'Running' &&
      isAlive(world, id, member) &&
      isKept(world, member.name) &&
      !raft.marks.includes(member.id),
  );
  return serving.length >= Math.floor(voters.length / 2) + 1;
}

/** Its ordinal stays. */
function isKept(world: World, name: string): boolean {
  const set = world.sets.Voters;
  const ordinal = Number(name.slice(CLUSTER.length + 1));
  return set !== null && ordinal >= set.start && ordinal < set.start + set.replicas;
}
