/** From KV's requests to the store's commands, with the checks that etcd makes before it does anything. */
import type {
  Command,
  Compact,
  Compare,
  Comparison,
  DeleteRange,
  Keys,
  Put,
  Range,
  SortTarget,
  Txn,
  TxnOperation,
} from '../../store/types.ts';
import { etcdError } from '../errors.ts';
import type {
  CompareRequest,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  RequestOp,
  TxnRequest,
} from '../proto/kv-requests.ts';

const sortTargets: readonly SortTarget[] = ['Key', 'Version', 'Create', 'Mod', 'Value'];
const NONE = 0;
const ASCEND = 1;
const DESCEND = 2;

export function toRange(request: RangeRequest): Range {
  if (request.key.length === 0) throw etcdError('emptyKey');
  return {
    kind: 'Range',
    ...keysOf(request),
    revision: atLeastZero(request.revision),
    limit: atLeastZero(request.limit),
    sort: sortOf(request),
    keysOnly: request.keysOnly,
    countOnly: request.countOnly,
    // A bound below zero is above nothing: no key passes.
    minModRevision: request.maxModRevision < 0 ? Number.MAX_SAFE_INTEGER : atLeastZero(request.minModRevision),
    maxModRevision: atLeastZero(request.maxModRevision),
    minCreateRevision: request.maxCreateRevision < 0 ? Number.MAX_SAFE_INTEGER : atLeastZero(request.minCreateRevision),
    maxCreateRevision: atLeastZero(request.maxCreateRevision),
  };
}

export function toPut({ key, value, lease, prevKv, ignoreValue, ignoreLease }: PutRequest): Put {
  if (key.length === 0) throw etcdError('emptyKey');
  if (ignoreValue && value.length > 0) throw etcdError('valueProvided');
  if (ignoreLease && lease !== 0n) throw etcdError('leaseProvided');
  if (lease < 0n) throw etcdError('leaseNotFound');
  return { kind: 'Put', key, value, lease, returnPrevious: prevKv, ignoreValue, ignoreLease };
}

export function toDeleteRange(request: DeleteRangeRequest): DeleteRange {
  if (request.key.length === 0) throw etcdError('emptyKey');
  return { kind: 'DeleteRange', ...keysOf(request), returnPrevious: request.prevKv };
}

export function toCompact(revision: number): Compact {
  return { kind: 'Compact', revision: atLeastZero(revision) };
}

/** @param budget operations that are left on the way down to here */
export function toTxn({ compare, success, failure }: TxnRequest, budget: number): Txn {
  const size = Math.max(compare.length, success.length, failure.length);
  if (size > budget) throw etcdError('tooManyOperations');
  const toOperation = (operation: RequestOp): TxnOperation => toTxnOperation(operation, budget - size);
  return {
    kind: 'Txn',
    compares: compare.map(toCompare),
    success: success.map(toOperation),
    failure: failure.map(toOperation),
  };
}

/** Whether all that it reads may be what this member has. */
export function isSerializable({ success, failure }: TxnRequest): boolean {
  const allows = (operation: RequestOp): boolean => operation?.kind === 'Range' && operation.request.serializable;
  return success.every(allows) && failure.every(allows);
}

/** Keys and values of a command: what counts against the limit of a request. */
export function payloadBytes(command: Command): number {
  switch (command.kind) {
    case 'Put':
      return command.key.length + command.value.length;
    case 'DeleteRange':
    case 'Range':
      return command.key.length + (command.rangeEnd?.length ?? 0);
    case 'Txn': {
      let bytes = 0;
      for (const compare of command.compares) {
        bytes += compare.key.length + (compare.rangeEnd?.length ?? 0);
        if (compare.target === 'Value') bytes += compare.value.length;
      }
      for (const operation of command.success) bytes += payloadBytes(operation);
      for (const operation of command.failure) bytes += payloadBytes(operation);
      return bytes;
    }
    default:
      return 0;
  }
}

function toTxnOperation(operation: RequestOp, budget: number): TxnOperation {
  if (operation === null) throw etcdError('keyNotFound');
  switch (operation.kind) {
    case 'Range':
      return toRange(operation.request);
    case 'Put':
      return toPut(operation.request);
    case 'DeleteRange':
      return toDeleteRange(operation.request);
    case 'Txn':
      return toTxn(operation.request, budget);
  }
}

const comparisons: readonly Comparison[] = ['Equal', 'Greater', 'Less', 'NotEqual'];
const compareTargets = ['Version', 'Create', 'Mod', 'Value', 'Lease'] as const;

function toCompare(request: CompareRequest): Compare {
  if (request.key.length === 0) throw etcdError('emptyKey');
  const keys = keysOf(request);
  const comparison = comparisons[request.result];
  const target = compareTargets[request.target];
  if (comparison === undefined || target === undefined) {
    // Of numbers that are not in the contract etcd says: any comparison holds, but of a value that is not there, and any
    // target is equal.
    if (comparison === undefined && target === 'Value') {
      return { ...keys, comparison: 'Greater', target: 'Version', number: 0 };
    }
    const holds = comparison === undefined || comparison === 'Equal';
    return { ...keys, comparison: holds ? 'NotEqual' : 'Equal', target: 'Version', number: Number.MAX_SAFE_INTEGER };
  }
  switch (target) {
    case 'Version':
      return { ...keys, ...compareWith(comparison, request.version), target };
    case 'Create':
      return { ...keys, ...compareWith(comparison, request.createRevision), target };
    case 'Mod':
      return { ...keys, ...compareWith(comparison, request.modRevision), target };
    case 'Value':
      return { ...keys, comparison, target, value: request.value };
    case 'Lease':
      // As nothing has a version below 0, nothing has such a lease, and commands have no room for one.
      if (request.lease < 0n) return { ...keys, ...compareWith(comparison, -1), target: 'Version' };
      return { ...keys, comparison, target, lease: request.lease };
  }
}

/** Nothing has a number below 0 or from 2^53 on: there, less and greater are all or nothing. */
function compareWith(comparison: Comparison, number: number): { comparison: Comparison; number: number } {
  if (Number.isSafeInteger(number) && number >= 0) return { comparison, number };
  const isAlways = comparison === 'NotEqual' || comparison === (number < 0 ? 'Greater' : 'Less');
  return { comparison: isAlways ? 'NotEqual' : 'Equal', number: Number.MAX_SAFE_INTEGER };
}

function keysOf({ key, rangeEnd }: { readonly key: Buffer; readonly rangeEnd: Buffer }): Keys {
  return { key, rangeEnd: rangeEnd.length === 0 ? null : rangeEnd };
}

function sortOf({ sortOrder, sortTarget }: RangeRequest): Range['sort'] {
  const target = sortTargets[sortTarget];
  if (target === undefined || ![NONE, ASCEND, DESCEND].includes(sortOrder)) throw etcdError('invalidSortOption');
  // Keys come in their order anyway; any other target without an order means ascending.
  if (target === 'Key' && sortOrder !== DESCEND) return null;
  return { target, descending: sortOrder === DESCEND };
}

/** What is beyond 2^53 is beyond any revision, so it stays a revision of the future. */
function atLeastZero(value: number): number {
  return Math.min(Math.max(value, 0), Number.MAX_SAFE_INTEGER);
}
