/**
 * Members as the operator meets them: folders on volumes, what they were told, and what they have agreed on. Consensus is
 * one shared value a cluster id, which a quorum of its voters can read and change.
 */
import { QuorateError } from '../../../client/errors.ts';
import type { ApiBootstrap, ApiCluster, ApiMember, ApiStatus } from '../../../client/types.ts';
import type { Members } from '../../../operator/members/types.ts';

export type Folder = {
  readonly incarnation: string;
  grant: null | { clusterId: string; id: number; founding?: ApiBootstrap };
  hasState: boolean;
  isDamaged: boolean;
};

export type Raft = { configIndex: number; members: ApiMember[]; nextId: number; leader: number };

export class ModelMembers {
  /** By uid of the volume. */
  readonly folders = new Map<string, Folder>();
  readonly rafts = new Map<string, Raft>();
  /** Promises that were broken. */
  readonly problems: string[] = [];
  /** How often a user has consented to give up a quorum, and how often that was done. */
  consents = 0;
  recoveries = 0;
  /** Pod name to the uid of its volume, of pods whose process runs. */
  #running: ReadonlyMap<string, string> = new Map();
  #incarnations = 0;

  runningAre(running: ReadonlyMap<string, string>): void {
    this.#running = running;
    for (const volume of running.values()) {
      if (!this.folders.has(volume)) {
        const incarnation = (++this.#incarnations).toString(16).padStart(32, '0');
        this.folders.set(volume, { incarnation, grant: null, hasState: false, isDamaged: false });
      }
    }
    for (const id of this.rafts.keys()) this.#elect(id);
  }

  folderOf(name: string): Folder | null {
    const volume = this.#running.get(name);
    return volume === undefined ? null : (this.folders.get(volume) ?? null);
  }

  isAlive(id: string, member: ApiMember): boolean {
    const folder = this.folderOf(member.name);
    return (
      folder !== null &&
      folder.incarnation === member.incarnation &&
      folder.grant?.clusterId === id &&
      folder.hasState &&
      !folder.isDamaged
    );
  }

  hasQuorum(id: string): boolean {
    const voters = this.votersOf(id);
    return voters.filter((member) => this.isAlive(id, member)).length >= quorumOf(voters.length) && voters.length > 0;
  }

  votersOf(id: string): readonly ApiMember[] {
    return this.rafts.get(id)?.members.filter(({ role }) => role === 'Voter') ?? [];
  }

  isServing(name: string): boolean {
    const folder = this.folderOf(name);
    return folder?.grant != null && folder.hasState && !folder.isDamaged && this.hasQuorum(folder.grant.clusterId);
  }

  /** What volumes that are gone held is gone. */
  keepOnly(volumes: ReadonlySet<string>): void {
    for (const volume of this.folders.keys()) if (!volumes.has(volume)) this.folders.delete(volume);
  }

  /** One learner that was told has caught up. */
  catchUp(): void {
    for (const folder of this.folders.values()) {
      const { grant } = folder;
      if (grant === null || folder.hasState || !this.hasQuorum(grant.clusterId)) continue;
      if (this.#memberOf(folder) !== undefined) folder.hasState = true;
    }
  }

  statusOf(name: string): ApiStatus {
    const folder = this.folderOf(name);
    if (folder === null) throw new QuorateError('unreachable', `${name} does not answer`);
    const status: ApiStatus = {
      name,
      incarnation: folder.incarnation,
      peer_address: addressOf(name),
      client_url: '',
      version: '1.0.0',
      format: 1,
      state: 'Parked',
      uptime_seconds: 1,
    };
    const { grant } = folder;
    if (grant === null) return { ...status, reason: 'NoData', message: 'empty' };
    status.cluster_id = grant.clusterId;
    if (grant.founding !== undefined) status.founding = grant.founding;
    if (folder.isDamaged) return { ...status, reason: 'Damaged', message: 'bad bytes' };
    const raft = this.rafts.get(grant.clusterId);
    const member = this.#memberOf(folder);
    if (raft === undefined || member === undefined) return { ...status, reason: 'Removed', message: 'removed' };
    const leader = this.hasQuorum(grant.clusterId) ? raft.leader : 0;
    Object.assign(status, {
      state: folder.hasState ? 'Member' : 'Joining',
      member_id: grant.id,
      term: 1,
      leader,
      role: leader === grant.id ? 'Leader' : member.role === 'Learner' ? 'Learner' : 'Follower',
      commit: 10,
      applied: 10,
      last_index: 10,
      config_index: raft.configIndex,
      members: raft.members,
    });
    if (leader === grant.id) {
      status.peers = raft.members
        .filter(({ id }) => id !== leader)
        .map((peer) => {
          const isUp = this.isAlive(grant.clusterId, peer);
          return {
            id: peer.id,
            match: isUp ? 10 : 0,
            state: isUp ? ('Replicate' as const) : ('Probe' as const),
            last_contact_ms: isUp ? 5 : null,
            round_trip_ms: 1,
          };
        });
    }
    return status;
  }

  /** As one operator calls them; `gate` is asked before each change. */
  door(gate: <T>(write: () => T) => Promise<T>): Members {
    const read = async <T>(what: () => T): Promise<T> => what();
    return {
      isOpening: async () => false,
      status: (name) => read(() => this.statusOf(name)),
      cluster: (names) =>
        read((): ApiCluster => {
          const { id, raft } = this.#agreed(names);
          return { cluster_id: id, config_index: raft.configIndex, members: [...raft.members] };
        }),
      bootstrap: (name, record) => gate(() => this.#bootstrap(name, record)),
      join: (name, record) =>
        gate(() => {
          const folder = this.#running1(name);
          const isSame = folder.grant?.id === record.member_id && folder.grant.clusterId === record.cluster_id;
          if (isSame) return;
          if (folder.grant !== null || folder.incarnation !== record.incarnation) throw refusal('grant_conflict');
          folder.grant = { clusterId: record.cluster_id, id: record.member_id };
        }),
      stopTogether: async () => undefined,
      recover: (name, record) => gate(() => this.#recover(name, record.cluster_id)),
      addMember: (names, { name, peer_address, incarnation, expected_config_index }) =>
        gate(() => {
          const { raft } = this.#change(names, expected_config_index);
          if (raft.members.some((one) => one.name === name || one.incarnation === incarnation))
            throw refusal('member_exists');
          const id = raft.nextId++;
          raft.members = [...raft.members, { id, name, peer_address, incarnation, role: 'Learner' }];
          raft.configIndex++;
          this.#countLearners(raft);
          return { id, config_index: raft.configIndex };
        }),
      promote: (names, id, { expected_config_index }) =>
        gate(() => {
          const { id: cluster, raft } = this.#change(names, expected_config_index);
          const learner = raft.members.find((one) => one.id === id);
          if (learner === undefined) throw refusal('member_not_found');
          if (learner.role === 'Voter') throw refusal('not_a_learner');
          if (!this.isAlive(cluster, learner)) throw refusal('learner_not_in_sync');
          raft.members = raft.members.map((one) => (one.id === id ? { ...one, role: 'Voter' } : one));
          return { config_index: ++raft.configIndex };
        }),
      remove: (names, id, { expected_config_index }) =>
        gate(() => {
          const { id: cluster, raft } = this.#change(names, expected_config_index);
          const member = raft.members.find((one) => one.id === id);
          if (member === undefined) throw refusal('member_not_found');
          const left = this.votersOf(cluster).filter((voter) => voter.id !== id);
          if (left.length === 0) throw refusal('last_voter');
          if (left.filter((voter) => this.isAlive(cluster, voter)).length < quorumOf(left.length))
            throw refusal('quorum_at_risk');
          raft.members = raft.members.filter((one) => one !== member);
          raft.configIndex++;
          this.#elect(cluster);
          return { config_index: raft.configIndex };
        }),
      replaceVoters: (names, { voters, expected_config_index }) =>
        gate(() => {
          const { raft } = this.#change(names, expected_config_index);
          raft.members = raft.members.map((one) => (voters.includes(one.id) ? { ...one, role: 'Voter' } : one));
          return { config_index: ++raft.configIndex };
        }),
      transferLeader: (names, to) =>
        gate(() => {
          const { id, raft } = this.#agreed(names);
          const voter = this.votersOf(id).find((one) => one.id === to);
          if (voter === undefined || !this.isAlive(id, voter)) throw refusal('transfer_failed');
          raft.leader = to;
        }),
    };
  }

  #bootstrap(name: string, record: ApiBootstrap): ApiBootstrap {
    const folder = this.#running1(name);
    if (folder.grant !== null) {
      if (JSON.stringify(folder.grant.founding) === JSON.stringify(record)) return record;
      throw refusal('grant_conflict');
    }
    const self = record.founders.find(({ incarnation }) => incarnation === folder.incarnation);
    if (self === undefined) throw refusal('grant_conflict');
    folder.grant = { clusterId: record.cluster_id, id: self.id, founding: record };
    folder.hasState = true;
    if (!this.rafts.has(record.cluster_id)) {
      this.rafts.set(record.cluster_id, {
        configIndex: 1,
        members: record.founders.map((founder) => ({ ...founder, role: 'Voter' })),
        nextId: record.founders.length + 1,
        leader: self.id,
      });
      // One of which no volume holds anything, not even status, is no cluster any more.
      const isElsewhere = [...this.folders.values()].some(
        (other) => (other.grant?.clusterId ?? record.cluster_id) !== record.cluster_id,
      );
      if (isElsewhere) this.problems.push(`cluster ${record.cluster_id} is formed beside another`);
    }
    return record;
  }

  #recover(name: string, clusterId: string): void {
    const folder = this.#running1(name);
    if (folder.grant?.clusterId === clusterId) return;
    if (folder.grant === null || !folder.hasState || this.hasQuorum(folder.grant.clusterId))
      throw refusal('grant_conflict');
    const others = [...this.#running.keys()].filter((other) => other !== name);
    if (others.length > 0) this.problems.push(`${name} is recovered while ${others.join(', ')} run`);
    const { id, clusterId: former } = folder.grant;
    folder.grant = { clusterId, id };
    const self: ApiMember = { id, name, peer_address: addressOf(name), incarnation: folder.incarnation, role: 'Voter' };
    const nextId = (this.rafts.get(former)?.nextId ?? id) + 1;
    this.rafts.set(clusterId, { configIndex: 1, members: [self], nextId, leader: id });
    this.recoveries += 1;
    if (this.recoveries > this.consents) this.problems.push('a quorum is given up without consent');
  }

  #change(names: readonly string[], expected: number | undefined): { readonly id: string; readonly raft: Raft } {
    const agreed = this.#agreed(names);
    if (expected !== agreed.raft.configIndex) throw refusal('config_index_mismatch');
    return agreed;
  }

  #agreed(names: readonly string[]): { readonly id: string; readonly raft: Raft } {
    for (const name of names) {
      const id = this.folderOf(name)?.grant?.clusterId;
      const raft = id === undefined ? undefined : this.rafts.get(id);
      if (id !== undefined && raft !== undefined && this.isServing(name)) return { id, raft };
    }
    throw new QuorateError('unreachable', 'nobody answers');
  }

  #running1(name: string): Folder {
    const folder = this.folderOf(name);
    if (folder === null) throw new QuorateError('unreachable', `${name} does not answer`);
    return folder;
  }

  #memberOf(folder: Folder): ApiMember | undefined {
    return this.rafts
      .get(folder.grant?.clusterId ?? '')
      ?.members.find(({ incarnation }) => incarnation === folder.incarnation);
  }

  #countLearners(raft: Raft): void {
    const learners = raft.members.filter(({ role, name }) => role === 'Learner' && !name.includes('-read-')).length;
    const voters = raft.members.filter(({ role }) => role === 'Voter').length;
    if (learners > (voters === 1 ? 2 : 1)) this.problems.push(`${learners} learners are being added at once`);
  }

  #elect(id: string): void {
    const raft = this.rafts.get(id)!;
    const alive = this.votersOf(id).filter((member) => this.isAlive(id, member));
    if (alive.length > 0 && !alive.some((member) => member.id === raft.leader)) raft.leader = alive[0]!.id;
  }
}

function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

function addressOf(name: string): string {
  return `${name}:2380`;
}

function refusal(code: ConstructorParameters<typeof QuorateError>[0]): QuorateError {
  return new QuorateError(code, `refused: ${code}`);
}
