/** Carries out one committed entry on a draft. The same draft and entry give the same result on every member. */
import { AnswerBytes } from './answer-bytes.ts';
import { applyAuthChange } from './auth/change.ts';
import { isOfUser } from './auth/permits.ts';
import type { AuthState } from './auth/state.ts';
import { changesKeys, marked } from './corrupt-members.ts';
import type { Draft } from './draft.ts';
import { failed, invariant } from './errors.ts';
import { deleteKeys, putKey, refusePut, refuseRange, runRange } from './execute-key.ts';
import { executeLeaseCheckpoint, executeLeaseExpire, executeLeaseGrant, executeLeaseRevoke } from './execute-lease.ts';
import { executeTxn } from './execute-txn.ts';
import { applyMembershipChange, leaveJoint } from './membership.ts';
import type { Command, CommittedEntry, DeleteRange, Failed, Proposal, Range, Result } from './types.ts';
import { validate } from './validate.ts';

/** Null for an entry without a command. A promise only where the engine has to be asked for more than was fetched. */
export function executeEntry(draft: Draft, entry: CommittedEntry): Result | null | Promise<Result | null> {
  const { proposal, index, isConfiguration } = entry;
  if (proposal === null) {
    if (!isConfiguration) return null;
    draft.setMembership(leaveJoint(draft.cluster.membership, index));
    return { kind: 'Membership', membership: draft.cluster.membership, id: 0 };
  }
  invariant(
    isConfiguration === (proposal.command.kind === 'ChangeMembership'),
    () =>
      `entry ${index} carries ${proposal.command.kind} but ${isConfiguration ? 'is' : 'is not'} a configuration entry`,
  );
  draft.advanceTime(proposal.timeMs);
  const { idempotency, command } = proposal;
  const refusal = refuseByAuth(draft.auth, proposal);
  if (refusal !== null) return refusal;
  if (idempotency !== null) {
    const known = draft.answers.find(idempotency);
    if (known !== null) return known;
  }
  // Not remembered as an answer: once the mark is lifted, the same request may be made again.
  if (draft.corrupt.length > 0 && changesKeys(command)) return refusedAsCorrupt(draft.corrupt);
  if (idempotency === null) return execute(draft, command, index);
  const result = execute(draft, command, index);
  if (result instanceof Promise) {
    return result.then((settled) => {
      draft.answers.add(idempotency, settled);
      return settled;
    });
  }
  draft.answers.add(idempotency, result);
  return result;
}

/** Only what this member's users and roles at this very revision allow, whichever member has looked it up. */
function refuseByAuth(auth: AuthState, { authRevision, command }: Proposal): Failed | null {
  if (!auth.isEnabled || authRevision === auth.revision) return null;
  if (authRevision === undefined && !isOfUser(command)) return null;
  return failed(
    'auth_outdated',
    'users or roles have changed while the request was on its way: it was not carried out',
  );
}

function execute(draft: Draft, command: Command, index: number): Result | Promise<Result> {
  const refusal = validate(command);
  if (refusal !== null) return refusal;
  const result = run(draft, command, index);
  if (result instanceof Promise) {
    return result.then((settled) => {
      draft.endCommand();
      return settled;
    });
  }
  draft.endCommand();
  return result;
}

function run(draft: Draft, command: Command, index: number): Result | Promise<Result> {
  switch (command.kind) {
    case 'Put':
      return refusePut(draft, command) ?? putKey(draft, command);
    case 'DeleteRange':
      return command.returnPrevious && command.rangeEnd !== null
        ? ifItFits(draft, command, () => deleteKeys(draft, command))
        : deleteKeys(draft, command);
    case 'Range':
      return refuseRange(draft, command) ?? ifItFits(draft, command, () => runRange(draft, command));
    case 'Txn':
      return executeTxn(draft, command);
    case 'Compact':
      return executeCompact(draft, command.revision);
    case 'LeaseGrant':
      return executeLeaseGrant(draft, command, index);
    case 'LeaseRevoke':
      return executeLeaseRevoke(draft, command);
    case 'LeaseExpire':
      return executeLeaseExpire(draft, command);
    case 'LeaseCheckpoint':
      return executeLeaseCheckpoint(draft, command);
    case 'ChangeMembership': {
      const { change, expectedConfigIndex } = command;
      const changed = applyMembershipChange(draft.cluster.membership, change, expectedConfigIndex, index);
      if ('kind' in changed) return changed;
      draft.setMembership(changed.membership);
      return { kind: 'Membership', ...changed };
    }
    case 'ChangeAuth': {
      const auth = applyAuthChange(draft.auth, command.change);
      if ('kind' in auth) return auth;
      draft.auth = auth;
      return { kind: 'Auth', revision: draft.revision, authRevision: auth.revision };
    }
    case 'MarkCorrupt': {
      const { corrupt, changed } = marked(draft.corrupt, command, draft.cluster.membership);
      if (changed.length > 0) draft.corrupt = corrupt;
      return { kind: 'Corrupt', members: changed };
    }
    case 'RaiseFormat':
      if (command.format > draft.cluster.format) draft.setFormat(command.format);
      return { kind: 'Format', format: draft.cluster.format };
  }
}

function refusedAsCorrupt(members: readonly number[]): Failed {
  const named = members.filter((id) => id !== 0);
  const whose = named.length > 0 ? `member ${named.join(', ')} holds` : 'members hold';
  return failed(
    'corrupt',
    `${whose} other keys than the rest of the cluster: nothing is written until that is settled`,
  );
}

async function ifItFits(
  draft: Draft,
  command: DeleteRange | Range,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  return (await new AnswerBytes(draft).refuse(command)) ?? run();
}

/** Takes effect for reads and watches once its batch is applied; the rows go later, on each member by itself (compaction.ts). */
function executeCompact(draft: Draft, revision: number): Result {
  if (revision > draft.revision) {
    return failed('future_revision', `revision ${revision} is not reached yet: the newest is ${draft.revision}`);
  }
  if (revision <= draft.compactedRevision) {
    return failed(
      'compacted',
      `revision ${revision} is compacted already: the store is through ${draft.compactedRevision}`,
    );
  }
  draft.compactedRevision = revision;
  return { kind: 'Compact', revision: draft.revision, compactedRevision: revision };
}
