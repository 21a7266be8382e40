/** What must hold before a member gives up its cluster: once it has halted, it can only go on as another one. */
import { NO_MEMBER } from '../raft/types.ts';
import { GrantConflict } from '../storage/errors.ts';
import { grantRecovery } from '../storage/grants.ts';
import type { Identity, RecoveryRecord } from '../storage/types.ts';
import type { Replica } from './replica.ts';
import { RequestError } from './types.ts';

/** @throws RequestError */
export function assertMayRecover(replica: Replica | null, identity: Identity, record: RecoveryRecord): Replica {
  if (replica === null || replica.store === null) {
    throw new RequestError('parked', 'this member has no state to recover a cluster from: choose a survivor that has');
  }
  if (replica.leader !== NO_MEMBER) {
    throw conflict(
      `the cluster has a leader, member ${replica.leader}: recovery is for a cluster that has lost its quorum`,
    );
  }
  if (!replica.store.membership.members.some(({ id }) => id === replica.id)) {
    throw conflict('this member was removed from its cluster: choose another survivor');
  }
  try {
    grantRecovery(identity, true, record, replica.id);
  } catch (error) {
    if (error instanceof GrantConflict) throw conflict(error.message);
    throw error;
  }
  return replica;
}

function conflict(message: string): RequestError {
  return new RequestError('grant_conflict', message);
}
