/** The five properties of figure 3 of the Raft paper, and what clients are promised, checked as a run goes on. */
import assert from 'node:assert/strict';
import { membersOf, votersOf } from '../configuration.ts';
import type { Configuration, Entry, MemberId } from '../types.ts';
import type { TestMember } from './member.ts';

export class Checker {
  readonly #leaders: Map<number, MemberId> = new Map();
  readonly #committed: Map<number, Entry> = new Map();
  readonly #digests: Map<number, number> = new Map();
  readonly #commits: Map<MemberId, number> = new Map();
  highestCommit = 0;

  /** Election safety and leader completeness. */
  won(leader: TestMember, term: number): void {
    const other = this.#leaders.get(term);
    assert.ok(other === undefined || other === leader.id, `members ${other} and ${leader.id} both won term ${term}`);
    this.#leaders.set(term, leader.id);
    const { firstIndex } = leader.raft.status();
    const log = leader.raft.entriesFrom(firstIndex, Number.MAX_SAFE_INTEGER);
    for (const [index, entry] of this.#committed) {
      if (index < firstIndex) continue;
      assert.equal(
        log[index - firstIndex]?.term,
        entry.term,
        `leader ${leader.id} of ${term} lacks committed ${index}`,
      );
    }
  }

  /** State machine safety: the same entry, the same state, everywhere. */
  applied(member: TestMember, entry: Entry): void {
    const { digest } = member.state;
    const expected = this.#digests.get(entry.index);
    assert.ok(
      expected === undefined || expected === digest,
      `member ${member.id} applied another entry ${entry.index}`,
    );
    this.#digests.set(entry.index, digest);
  }

  /** Called after every step of a member: what it now holds to be committed is on the disks of a quorum. */
  stepped(member: TestMember, all: ReadonlyMap<MemberId, TestMember>): void {
    const { commit, firstIndex, role, configuration } = member.raft.status();
    const before = this.#commits.get(member.id) ?? 0;
    this.#commits.set(member.id, commit);
    if (commit <= before || commit < firstIndex) return;
    for (const entry of member.raft.entriesFrom(Math.max(before + 1, firstIndex), Number.MAX_SAFE_INTEGER)) {
      if (entry.index > commit) break;
      const known = this.#committed.get(entry.index);
      assert.ok(known === undefined || known.term === entry.term, `two entries committed at ${entry.index}`);
      this.#committed.set(entry.index, entry);
    }
    if (role === 'Leader') assertOnQuorum(configuration, this.#committed.get(commit) as Entry, all);
    this.highestCommit = Math.max(this.highestCommit, commit);
  }

  crashed(member: TestMember): void {
    this.#commits.delete(member.id);
  }

  /** Log matching: entries of one index and term are preceded by equal logs. */
  assertLogsMatch(members: Iterable<TestMember>): void {
    const logs = [...members].map(({ disk }) => disk);
    for (const [i, one] of logs.entries()) {
      for (const other of logs.slice(i + 1)) {
        let agrees = false;
        const last = Math.min(lastIndex(one), lastIndex(other));
        for (let index = last; index > Math.max(one.base.index, other.base.index); index--) {
          const same = at(one, index).term === at(other, index).term;
          if (agrees) assert.ok(same, `logs agree at ${index + 1} but not at ${index}`);
          if (same) assertEqualEntries(at(one, index), at(other, index));
          agrees ||= same;
        }
      }
    }
  }
}

type DiskLog = TestMember['disk'];

function lastIndex(disk: DiskLog): number {
  return disk.base.index + disk.entries.length;
}

function at(disk: DiskLog, index: number): Entry {
  return disk.entries[index - disk.base.index - 1] as Entry;
}

function assertEqualEntries(one: Entry, other: Entry): void {
  if (one !== other) assert.deepEqual(one, other, `one index and term, two entries at ${one.index}`);
}

function assertOnQuorum(configuration: Configuration, entry: Entry, all: ReadonlyMap<MemberId, TestMember>): void {
  const holders = votersOf(configuration).filter((voter) => {
    const disk = all.get(voter)?.disk;
    if (disk === undefined) return false;
    return disk.base.index >= entry.index || disk.entries[entry.index - disk.base.index - 1]?.term === entry.term;
  });
  for (const half of [configuration.voters, configuration.leaving ?? []]) {
    const needed = half.length === 0 ? 0 : Math.floor(half.length / 2) + 1;
    const count = half.filter((voter) => holders.includes(voter)).length;
    assert.ok(
      count >= needed,
      `entry ${entry.index} committed with ${holders.join()} of ${membersOf(configuration).join()} holding it`,
    );
  }
}
