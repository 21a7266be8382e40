/**
 * What can be said of a command without the state: checked at the door before it is proposed, and again at apply,
 * where it must come out the same on every member.
 */

import { findDuplicateWrite } from './duplicate-writes.ts';
import { failed } from './errors.ts';
import type { Command, Compare, Failed, Keys, LeaseId, Put, Range, Txn, TxnOperation } from './types.ts';

/** Of compares, of one branch, and along each way down through nested transactions. */
export const MAX_TXN_OPERATIONS = 128;
export const MAX_LEASE_TTL_SECONDS = 9_000_000_000;
const MAX_LEASE_ID = 2n ** 63n - 1n;

/** Null when the command may be proposed. */
export function validate(command: Command): Failed | null {
  switch (command.kind) {
    case 'Txn':
      return validateTxn(command);
    case 'Put':
      return validatePut(command);
    case 'DeleteRange':
      return validateKeys(command);
    case 'Range':
      return validateRange(command);
    case 'Compact':
      return isCount(command.revision) ? null : invalid('a revision must be an integer from 0 on');
    case 'LeaseGrant':
      return validateGrant(command.id, command.ttlSeconds);
    case 'LeaseRevoke':
      return isLeaseId(command.id) ? null : invalid('a lease id must be from 1 to 2^63 - 1');
    case 'RaiseFormat':
      return isCount(command.format) ? null : invalid('a format must be an integer from 0 on');
    case 'LeaseExpire':
    case 'LeaseCheckpoint':
    case 'ChangeMembership':
    case 'ChangeAuth':
    case 'MarkCorrupt':
      return null;
  }
}

function validateTxn(txn: Txn): Failed | null {
  const invalidPart = validateTxnParts(txn, MAX_TXN_OPERATIONS);
  if (invalidPart !== null) return invalidPart;
  const duplicate = findDuplicateWrite(txn);
  return duplicate === null
    ? null
    : failed(
        'duplicate_key',
        `a transaction writes the key ${JSON.stringify(duplicate.toString())} twice in one branch`,
      );
}

/** @param budget operations that are left on the way down to here */
function validateTxnParts(txn: Txn, budget: number): Failed | null {
  const size = Math.max(txn.compares.length, txn.success.length, txn.failure.length);
  if (size > budget) return invalid(`a transaction may have ${MAX_TXN_OPERATIONS} operations, nested ones counted`);
  for (const compare of txn.compares) {
    const invalidCompare = validateCompare(compare);
    if (invalidCompare !== null) return invalidCompare;
  }
  for (const branch of [txn.success, txn.failure]) {
    for (const operation of branch) {
      const invalidOperation = validateOperation(operation, budget - size);
      if (invalidOperation !== null) return invalidOperation;
    }
  }
  return null;
}

function validateOperation(operation: TxnOperation, budget: number): Failed | null {
  return operation.kind === 'Txn' ? validateTxnParts(operation, budget) : validate(operation);
}

function validatePut(put: Put): Failed | null {
  if (put.key.length === 0) return noKey();
  if (put.ignoreValue && put.value.length > 0) return invalid('a put that keeps the value must not give one');
  if (put.ignoreLease && put.lease !== 0n) return invalid('a put that keeps the lease must not give one');
  if (put.lease !== 0n && !isLeaseId(put.lease)) return invalid('a lease id must be from 1 to 2^63 - 1');
  return null;
}

function validateRange(range: Range): Failed | null {
  const numbers = [
    range.revision,
    range.limit,
    range.minModRevision,
    range.maxModRevision,
    range.minCreateRevision,
    range.maxCreateRevision,
  ];
  return numbers.every(isCount) ? validateKeys(range) : invalid('revisions and the limit must be integers from 0 on');
}

function validateCompare(compare: Compare): Failed | null {
  if (compare.target !== 'Value' && compare.target !== 'Lease' && !isCount(compare.number)) {
    return invalid('a comparison is with an integer from 0 on');
  }
  if (compare.target === 'Lease' && compare.lease < 0n) return invalid('a comparison is with a lease from 0 on');
  return validateKeys(compare);
}

function validateGrant(id: LeaseId, ttlSeconds: number): Failed | null {
  if (!isLeaseId(id)) return invalid('a lease id must be from 1 to 2^63 - 1');
  if (isCount(ttlSeconds) && ttlSeconds >= 1 && ttlSeconds <= MAX_LEASE_TTL_SECONDS) return null;
  return invalid(`a lease lives from 1 to ${MAX_LEASE_TTL_SECONDS} seconds`);
}

function validateKeys(keys: Keys): Failed | null {
  if (keys.key.length === 0) return noKey();
  return keys.rangeEnd?.length === 0
    ? invalid('the end of a range must not be empty: one zero byte means no end')
    : null;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isLeaseId(id: LeaseId): boolean {
  return id > 0n && id <= MAX_LEASE_ID;
}

function noKey(): Failed {
  return invalid('a key must have at least one byte');
}

function invalid(message: string): Failed {
  return failed('invalid_request', message);
}
