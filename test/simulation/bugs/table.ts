/**
 * Bugs that other systems had, or that a line of this one prevents. Each is put into a copy of the tree, and the
 * simulation must find it: what it does not find, it does not check. A bug whose text is no longer there fails its
 * test, so that the table follows the code.
 */
export type Bug = {
  readonly name: string;
  readonly file: string;
  /** Occurs exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Within so many seeds it must be found. About ten times as many as it took when the bug was added. */
  readonly seeds: number;
};

export const bugs: readonly Bug[] = [
  {
    name: 'votes twice in a term',
    file: 'node/raft/election.ts',
    find: '(core.vote === NO_MEMBER && core.leader === NO_MEMBER)',
    replace: 'core.leader === NO_MEMBER',
    seeds: 100,
  },
  {
    name: 'votes for a candidate whose log is behind',
    file: 'node/raft/election.ts',
    find: 'return isFree && core.log.isUpToDate(request.lastIndex, request.lastTerm);',
    replace: 'return isFree;',
    seeds: 100,
  },
  {
    name: 'forgets its vote in a restart',
    file: 'node/server/restore.ts',
    find: 'vote: hardState.term >= base.term ? hardState.vote : NO_MEMBER,',
    replace: 'vote: NO_MEMBER,',
    seeds: 400,
  },
  {
    name: "commits an old term's entry directly",
    file: 'node/raft/leader.ts',
    find: 'if (index <= log.committed || log.termAt(index) !== core.term) return;',
    replace: 'if (index <= log.committed) return;',
    seeds: 200,
  },
  {
    name: 'counts a learner',
    file: 'node/raft/leader.ts',
    find: 'const { log, configuration } = core;\n  const acknowledged',
    replace:
      'const { log } = core;\n  const configuration = { ...core.configuration, voters: [...core.configuration.voters, ...core.configuration.learners] };\n  const acknowledged',
    seeds: 200,
  },
  {
    name: 'forgets the old half of a joint configuration',
    file: 'node/raft/quorum.ts',
    find: 'return quorum.leaving === null ? current : Math.min(current, majorityIndex(quorum.leaving, acknowledged));',
    replace: 'return current;',
    seeds: 200,
  },
  {
    name: 'acknowledges entries before they are durable',
    file: 'node/raft/follower.ts',
    find: "core.outbox.replies.push({\n    kind: 'AppendResponse',\n    from: core.id,\n    to,",
    replace: "core.outbox.messages.push({\n    kind: 'AppendResponse',\n    from: core.id,\n    to,",
    seeds: 20,
  },
  {
    name: 'does not sync the log',
    file: 'node/storage/log/segment-log.ts',
    find: 'await segment.file.sync();\n    segment.position += bytes;',
    replace: 'segment.position += bytes;',
    seeds: 50,
  },
  {
    name: 'takes any bad checksum for the end of the log',
    file: 'node/storage/log/scan-segment.ts',
    find: 'if (tornEnd > end) {',
    replace: 'if (tornEnd < end) {',
    seeds: 200,
  },
  {
    name: 'reads the cut index after the flush',
    file: 'node/server/log-cutter.ts',
    find: 'const coveredIndex = appliedIndex();\n    await flush();',
    replace: 'await flush();\n    const coveredIndex = appliedIndex();',
    seeds: 200,
  },
  {
    name: 'cuts what is applied without a flush',
    file: 'node/server/log-cutter.ts',
    find: '    await flush();\n',
    replace: '',
    seeds: 100,
  },
  {
    name: 'acknowledges a snapshot before it is installed',
    file: 'node/server/log-writer.ts',
    find: '    await this.#events.install(snapshot, append.hardState);\n',
    replace:
      '    this.#events.appended(append.token, append.replies);\n    await this.#events.install(snapshot, append.hardState);\n    return;\n',
    seeds: 100,
  },
  {
    name: 'does not flush a received state',
    file: 'node/storage/incoming-snapshot.ts',
    find: '      await this.staged.engine.flush();\n',
    replace: '',
    seeds: 400,
  },
  {
    name: 'tells its incarnation before it is durable',
    file: 'node/storage/record-file.ts',
    find: '    await file.sync();\n',
    replace: '',
    seeds: 200,
  },
  {
    name: 'does not check the incarnation in the handshake',
    file: 'node/transport/handshake.ts',
    find: '  if (theirs.incarnation === known) return null;\n',
    replace: '  if (theirs.incarnation !== "") return null;\n',
    seeds: 200,
  },
  {
    name: 'lets a read join the round under way',
    file: 'node/raft/read-rounds.ts',
    find: '    this.#waiting.push(read);',
    replace: '    (this.#round === null ? this.#waiting : (this.#round.reads as Read[])).push(read);',
    seeds: 400,
  },
  {
    name: 'serves linearizable reads before it has committed in its term',
    file: 'node/raft/reads.ts',
    find: 'if (!leader.reads.isRoundDue || !hasCommittedInTerm(core, leader)) return;',
    replace: 'if (!leader.reads.isRoundDue) return;',
    seeds: 400,
  },
  {
    name: 'serves linearizable reads without asking anyone',
    file: 'node/raft/reads.ts',
    find: '(voter) => voter === core.id || (leader.peers.get(voter)?.readCounter ?? 0) >= round.counter,',
    replace: '() => true,',
    seeds: 400,
  },
  {
    name: 'carries out an idempotent request twice',
    file: 'node/store/execute.ts',
    find: '  if (known !== null) return known;\n',
    replace: '',
    seeds: 50,
  },
  {
    name: 'tries a write again whose outcome is unknown',
    file: 'node/server/proposals.ts',
    find: 'if (pending.isIdempotent) again.push(pending);',
    replace: 'if (pending.sequence > 0) again.push(pending);',
    seeds: 1000,
  },
  {
    name: 'keeps a lease alive without asking whether it still leads',
    file: 'node/server/member.ts',
    find: '    // Only a leader that a quorum still follows, and that knows all that its predecessors decided, may prolong a lease.\n    await replica.readBarrier({ timeoutMs: electionTimeoutMs, mayForward: false });\n',
    replace: '',
    seeds: 1000,
  },
  {
    name: 'gives a lease to its successor with less time than it promised',
    file: 'node/server/lease-keeper.ts',
    find: 'if (!this.#leases.startRestore(id)) return true;',
    replace: 'return true;',
    seeds: 1000,
  },
  {
    name: 'tells followers to commit what they may not have',
    file: 'node/raft/replication.ts',
    find: 'const commit = Math.min(peer.match, core.log.committed);',
    replace: 'const commit = core.log.committed;',
    seeds: 100,
  },
  {
    name: 'uses a configuration before it is durable',
    file: 'node/server/applied-state.ts',
    find: '      await this.#with.events.recordConfiguration({ membership, commit: index });\n',
    replace: '',
    seeds: 400,
  },
];
