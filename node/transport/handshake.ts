/**
 * Who may talk to whom: pure. Whoever dials says hello first; the one dialled answers with its own hello or refuses;
 * then the one that dialled may refuse too. Each mistake that mixes up members or clusters (a pod that got another
 * one's address, a wiped folder, a restored backup) ends here and not in the log.
 */
import type { MemberId } from '../raft/types.ts';
import type { Hello, RefusedHandshake } from './types.ts';

/** Whom this member knows. Null before it knows anyone. */
export type Roster = {
  /** By id: those listed, and strangers that are here now. */
  readonly incarnations: ReadonlyMap<MemberId, string>;
  /** See `Network.setPeers`. */
  readonly lastMemberId: MemberId;
  readonly mayTakeStrangers: boolean;
} | null;

/** Whom the one that dials wants to reach. */
export type Expected = { readonly id: MemberId; readonly incarnation: string };

/**
 * Why `theirs`, who dialled us and takes us for `expected`, may not talk to us; null when it may. A caller with an old
 * address of another member must not get in: its stream would replace the one that it has to us already.
 */
export function refuseCaller(own: Hello, roster: Roster, theirs: Hello, expected: Expected): RefusedHandshake | null {
  return refuseCluster(own, theirs) ?? refuseIdentity(expected, own) ?? refuseMember(own, roster, theirs);
}

/** Why we do not talk to `theirs`, who answered where we expected someone. */
export function refuseAnswerer(own: Hello, expected: Expected, theirs: Hello): RefusedHandshake | null {
  return refuseCluster(own, theirs) ?? refuseIdentity(expected, theirs);
}

function refuseCluster(own: Hello, theirs: Hello): RefusedHandshake | null {
  if (theirs.clusterId !== own.clusterId) {
    return refusal(
      'ClusterIdMismatch',
      `member ${own.memberId} belongs to cluster ${own.clusterId}, member ${theirs.memberId} to cluster ${theirs.clusterId}`,
    );
  }
  if (own.oldestFormat > theirs.format || theirs.oldestFormat > own.format) {
    return refusal(
      'FormatTooNew',
      `member ${own.memberId} speaks formats ${own.oldestFormat} to ${own.format}, member ${theirs.memberId} formats ${theirs.oldestFormat} to ${theirs.format}`,
    );
  }
  return null;
}

function refuseIdentity(expected: Expected, answering: Hello): RefusedHandshake | null {
  if (answering.memberId !== expected.id) {
    return refusal(
      'MemberIdMismatch',
      `member ${expected.id} is expected at this address, member ${answering.memberId} answers`,
    );
  }
  // Not `IncarnationMismatch`, which would make the caller park: here the side that answers is the wrong one.
  const refused = refuseIncarnation(answering, expected.incarnation);
  return refused === null ? null : refusal('MemberIdMismatch', refused.message);
}

function refuseMember(own: Hello, roster: Roster, theirs: Hello): RefusedHandshake | null {
  if (roster === null) return refusal('NotReady', `member ${own.memberId} does not know its peers yet; ask again`);
  if (theirs.memberId === own.memberId) {
    return refusal(
      'MemberIdMismatch',
      `incarnation ${theirs.incarnation} says it is member ${theirs.memberId}, which is the one it called, incarnation ${own.incarnation}`,
    );
  }
  const known = roster.incarnations.get(theirs.memberId);
  // The id was added without an incarnation, and claimed by an entry that this member has not applied yet.
  if (known === '')
    return refusal('NotReady', `member ${own.memberId} does not know yet who member ${theirs.memberId} is; ask again`);
  if (known !== undefined) return refuseIncarnation(theirs, known);
  if (theirs.memberId <= roster.lastMemberId) {
    return refusal(
      'Removed',
      `member ${theirs.memberId} was removed from cluster ${own.clusterId}: ids through ${roster.lastMemberId} were given out, and it is not a member`,
    );
  }
  for (const [id, incarnation] of roster.incarnations) {
    if (incarnation !== theirs.incarnation) continue;
    return refusal(
      'MemberIdMismatch',
      `incarnation ${incarnation} is member ${id}, but says it is member ${theirs.memberId}`,
    );
  }
  if (roster.mayTakeStrangers) return null;
  return refusal(
    'UnknownMember',
    `member ${theirs.memberId} is not known to member ${own.memberId}, which has as many unknown ones as it takes`,
  );
}

function refuseIncarnation(theirs: Hello, known: string): RefusedHandshake | null {
  if (theirs.incarnation === known) return null;
  return refusal(
    'IncarnationMismatch',
    `member ${theirs.memberId} is incarnation ${known}, but incarnation ${theirs.incarnation} says it is this member`,
  );
}

function refusal(code: RefusedHandshake['code'], message: string): RefusedHandshake {
  return { code, message };
}
