/** Which founding, join and recovery records a folder takes: each is idempotent, and excludes every other. */
import { isDeepStrictEqual } from 'node:util';
import { GrantConflict } from './errors.ts';
import type { ClusterId, FoundingRecord, Identity, JoinRecord, RecoveryRecord } from './types.ts';

type Grant = Identity['grant'];

/** Null before anything was granted. */
export function clusterIdOf(grant: Grant): ClusterId | null {
  return grant.kind === 'None' ? null : grant.record.clusterId;
}

/**
 * The grant after a record was taken; the present one itself when this very record was taken before.
 *
 * @throws GrantConflict
 */
export function grantFounding(identity: Identity, record: FoundingRecord, memberId: number): Grant {
  const wanted: Grant = { kind: 'Founder', record, memberId };
  if (isDeepStrictEqual(identity.grant, wanted)) return identity.grant;
  mustBeFree(identity, `the founding record of cluster ${record.clusterId}`);
  const founder = record.founders.find(({ id }) => id === memberId);
  if (founder === undefined) throw new GrantConflict(`member ${memberId} is not among the founders`);
  mustBeOurs(identity, founder.incarnation, memberId);
  return wanted;
}

/** The peers are hints: until a snapshot has told who they are, a later record may name others. */
export function grantJoin(identity: Identity, record: JoinRecord): Grant {
  const { grant } = identity;
  const isSame =
    grant.kind === 'Joiner' && isDeepStrictEqual({ ...grant.record, peers: null }, { ...record, peers: null });
  if (!isSame) {
    mustBeFree(identity, `the leave to join cluster ${record.clusterId} as member ${record.memberId}`);
    mustBeOurs(identity, record.incarnation, record.memberId);
  } else if (isDeepStrictEqual(grant.record, record)) return grant;
  return { kind: 'Joiner', record };
}

/** Only for a member that has state; a second recovery has a nonce of its own. */
export function grantRecovery(identity: Identity, hasState: boolean, record: RecoveryRecord, memberId: number): Grant {
  const { grant } = identity;
  const wanted: Grant = { kind: 'Survivor', record, memberId };
  if (isDeepStrictEqual(grant, wanted)) return grant;
  if (!hasState) throw new GrantConflict('there is no state to recover: this member was never part of a cluster');
  if (identity.isRemoved) throw new GrantConflict('this member was removed from its cluster: choose another survivor');
  if (grant.kind === 'Survivor' && grant.record.nonce === record.nonce) {
    throw new GrantConflict(
      `nonce ${record.nonce} has recovered cluster ${grant.record.clusterId} with member ${grant.memberId}`,
    );
  }
  if (clusterIdOf(grant) === record.clusterId) {
    throw new GrantConflict(`a recovered cluster needs a new id, ${record.clusterId} is the present one`);
  }
  return wanted;
}

function mustBeFree({ grant, isRemoved }: Identity, wanted: string): void {
  if (isRemoved) throw new GrantConflict(`this member was removed from its cluster and cannot take ${wanted}`);
  if (grant.kind === 'None') return;
  throw new GrantConflict(
    `this member belongs to cluster ${grant.record.clusterId} (${grant.kind}) and cannot take ${wanted}`,
  );
}

function mustBeOurs({ incarnation }: Identity, expected: string, memberId: number): void {
  if (expected === incarnation) return;
  throw new GrantConflict(`member ${memberId} has incarnation ${expected}, this data folder is ${incarnation}`);
}
