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
  /** What the simulation must say: not just anything that breaks. */
  readonly finds: RegExp;
  /** Within so many seeds it must be found. */
  readonly seeds: number;
  /** Tried first. */
  readonly lastFoundBy: number;
};

export const bugs: readonly Bug[] = [
  {
    name: 'votes twice in a term',
    finds: /vot(es|ed) for \d|election safety/,
    file: 'node/raft/election.ts',
    find: '(core.vote === NO_MEMBER && core.leader === NO_MEMBER)',
    replace: 'core.leader === NO_MEMBER',
    seeds: 400,
    lastFoundBy: 10,
  },
  {
    name: 'votes for a candidate whose log is behind',
    finds: /leader completeness|log matching|state machine safety|acknowledged entries were lost|beyond the log/,
    file: 'node/raft/election.ts',
    find: 'return isFree && core.log.isUpToDate(request.lastIndex, request.lastTerm);',
    replace: 'return isFree;',
    seeds: 100,
    lastFoundBy: 4,
  },
  {
    name: 'forgets its vote in a restart',
    finds: /voted for|election safety/,
    file: 'node/server/restore.ts',
    find: 'vote: hardState.term >= base.term ? hardState.vote : NO_MEMBER,',
    replace: 'vote: NO_MEMBER,',
    seeds: 400,
    lastFoundBy: 10,
  },
  {
    name: "commits an old term's entry directly",
    finds: /committed \d+ in term|entry \d+ of term \d+ directly/,
    file: 'node/raft/leader.ts',
    find: 'if (index <= log.committed || log.termAt(index) !== core.term) return;',
    replace: 'if (index <= log.committed) return;',
    seeds: 200,
    lastFoundBy: 14,
  },
  {
    name: 'counts a learner',
    finds: /committed \d+ in term/,
    file: 'node/raft/leader.ts',
    find: 'const { log, configuration } = core;\n  const acknowledged',
    replace:
      'const { log } = core;\n  const configuration = { ...core.configuration, voters: [...core.configuration.voters, ...core.configuration.learners] };\n  const acknowledged',
    seeds: 200,
    lastFoundBy: 14,
  },
  {
    name: 'forgets the old half of a joint configuration',
    finds: /committed \d+ in term|not backed by a quorum/,
    file: 'node/raft/quorum.ts',
    find: 'return quorum.leaving === null ? current : Math.min(current, majorityIndex(quorum.leaving, acknowledged));',
    replace: 'return current;',
    seeds: 200,
    lastFoundBy: 102,
  },
  {
    name: 'acknowledges entries before they are durable',
    finds: /acknowledges entry/,
    file: 'node/raft/follower.ts',
    find: "core.outbox.replies.push({\n    kind: 'AppendResponse',\n    from: core.id,\n    to,",
    replace: "core.outbox.messages.push({\n    kind: 'AppendResponse',\n    from: core.id,\n    to,",
    seeds: 20,
    lastFoundBy: 1,
  },
  {
    name: 'does not sync the log',
    finds: /parks as damaged|was durable/,
    file: 'node/storage/log/segment-log.ts',
    find: 'await segment.file.sync();\n    segment.position += bytes;',
    replace: 'segment.position += bytes;',
    seeds: 50,
    lastFoundBy: 1,
  },
  {
    name: 'takes any bad checksum for the end of the log',
    finds: /was durable/,
    file: 'node/storage/log/scan-segment.ts',
    find: 'if (tornEnd > end) {',
    replace: 'if (tornEnd < end) {',
    seeds: 200,
    lastFoundBy: 54,
  },
  {
    name: 'reads the cut index after the flush',
    finds: /entries between are lost/,
    file: 'node/server/log-cutter.ts',
    find: 'const coveredIndex = appliedIndex();\n    await flush();',
    replace: 'await flush();\n    const coveredIndex = appliedIndex();',
    seeds: 200,
    lastFoundBy: 9,
  },
  {
    name: 'cuts what is applied without a flush',
    finds: /entries between are lost/,
    file: 'node/server/log-cutter.ts',
    find: '    await flush();\n',
    replace: '',
    seeds: 100,
    lastFoundBy: 2,
  },
  {
    name: 'acknowledges a snapshot before it is installed',
    finds: /acknowledges entry/,
    file: 'node/server/log-writer.ts',
    find: '    await this.#events.install(snapshot, append.hardState);\n',
    replace:
      '    this.#events.appended(append.token, append.replies);\n    await this.#events.install(snapshot, append.hardState);\n    return;\n',
    seeds: 100,
    lastFoundBy: 2,
  },
  {
    name: 'does not flush a received state',
    finds: /parks as damaged/,
    file: 'node/storage/incoming-snapshot.ts',
    find: '      await this.staged.engine.flush();\n',
    replace: '',
    seeds: 400,
    lastFoundBy: 231,
  },
  {
    name: 'tells its incarnation before it is durable',
    finds: /parks as damaged|told incarnation/,
    file: 'node/storage/record-file.ts',
    find: '    await file.sync();\n',
    replace: '',
    seeds: 200,
    lastFoundBy: 2,
  },
  {
    name: 'does not check the incarnation in the handshake',
    finds: /./,
    file: 'node/transport/handshake.ts',
    find: '  if (theirs.incarnation === known) return null;\n',
    replace: '  if (theirs.incarnation !== "") return null;\n',
    seeds: 300,
    lastFoundBy: 14,
  },
  {
    name: 'lets a read join the round under way',
    finds: /a read saw revision|saw revision/,
    file: 'node/raft/read-rounds.ts',
    find: '    this.#waiting.push(read);',
    replace: '    (this.#round === null ? this.#waiting : (this.#round.reads as Read[])).push(read);',
    seeds: 400,
    lastFoundBy: 34,
  },
  {
    name: 'serves linearizable reads before it has committed in its term',
    finds: /saw revision/,
    file: 'node/raft/reads.ts',
    find: 'if (!leader.reads.isRoundDue || !hasCommittedInTerm(core, leader)) return;',
    replace: 'if (!leader.reads.isRoundDue) return;',
    seeds: 400,
    lastFoundBy: 35,
  },
  {
    name: 'serves linearizable reads without asking anyone',
    finds: /saw revision/,
    file: 'node/raft/reads.ts',
    find: '(voter) => voter === core.id || (leader.peers.get(voter)?.readCounter ?? 0) >= round.counter,',
    replace: '() => true,',
    seeds: 400,
    lastFoundBy: 98,
  },
  {
    name: 'carries out an idempotent request twice',
    finds: /the model at|applied twice/,
    file: 'node/store/execute.ts',
    find: '  if (known !== null) return known;\n',
    replace: '',
    seeds: 50,
    lastFoundBy: 4,
  },
  {
    name: 'tries a write again whose outcome is unknown',
    finds: /applied twice/,
    file: 'node/server/proposals.ts',
    find: 'if (pending.isIdempotent) again.push(pending);',
    replace: 'if (pending.sequence > 0) again.push(pending);',
    seeds: 1000,
    lastFoundBy: 8,
  },
  {
    name: 'keeps a lease alive without asking whether it still leads',
    finds: /its holder was promised|was said to be held/,
    file: 'node/server/leader-calls.ts',
    find: '    await replica.readBarrier({ timeoutMs: electionTimeoutMs, mayForward: false });\n',
    replace: '',
    seeds: 400,
    lastFoundBy: 258,
  },
  {
    name: 'tells followers to commit what they may not have',
    finds: /acknowledged entries were lost|state machine safety|log matching/,
    file: 'node/raft/replication.ts',
    find: 'const commit = Math.min(peer.match, core.log.committed);',
    replace: 'const commit = core.log.committed;',
    seeds: 100,
    lastFoundBy: 2,
  },
  {
    name: 'uses a configuration before it is durable',
    finds: /uses the configuration/,
    file: 'node/server/applied-state.ts',
    find: '      await this.#with.events.recordConfiguration({ membership, commit: index });\n',
    replace: '',
    seeds: 400,
    lastFoundBy: 1,
  },
];
