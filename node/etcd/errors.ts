/** What goes wrong, in etcd's codes and words: clients look at both. */
import type { ApiErrorCode } from '../../client/types.ts';
import { RequestError } from '../server/types.ts';
import type { StoreErrorCode } from '../store/types.ts';
import type { Call } from './grpc/call.ts';
import { Code, deadlineExceeded, GrpcError } from './grpc/status.ts';

type Words = readonly [code: Code, text: string];

const words = {
  emptyKey: [Code.InvalidArgument, 'key is not provided'],
  keyNotFound: [Code.InvalidArgument, 'key not found'],
  valueProvided: [Code.InvalidArgument, 'value is provided'],
  leaseProvided: [Code.InvalidArgument, 'lease is provided'],
  tooManyOperations: [Code.InvalidArgument, 'too many operations in txn request'],
  duplicateKey: [Code.InvalidArgument, 'duplicate key given in txn request'],
  invalidSortOption: [Code.InvalidArgument, 'invalid sort option'],
  requestTooLarge: [Code.InvalidArgument, 'request is too large'],
  compacted: [Code.OutOfRange, 'mvcc: required revision has been compacted'],
  futureRevision: [Code.OutOfRange, 'mvcc: required revision is a future revision'],
  leaseTtlTooLarge: [Code.OutOfRange, 'too large lease TTL'],
  noSpace: [Code.ResourceExhausted, 'mvcc: database space exceeded'],
  tooManyRequests: [Code.ResourceExhausted, 'too many requests'],
  leaseNotFound: [Code.NotFound, 'requested lease not found'],
  memberNotFound: [Code.NotFound, 'member not found'],
  leaseExists: [Code.FailedPrecondition, 'lease already exists'],
  memberExists: [Code.FailedPrecondition, 'member ID already exist'],
  peerUrlExists: [Code.FailedPrecondition, 'Peer URLs already exists'],
  badPeerUrls: [Code.InvalidArgument, 'given member URLs are invalid'],
  noDowngrade: [Code.FailedPrecondition, 'no downgrade job in progress'],
  badDowngradeTarget: [Code.InvalidArgument, 'invalid downgrade target version'],
  badDowngradeVersion: [Code.InvalidArgument, 'wrong downgrade target version format'],
  unhealthyReconfiguration: [Code.FailedPrecondition, 're-configuration failed due to not enough started members'],
  learnerNotReady: [Code.FailedPrecondition, 'can only promote a learner member which is in sync with leader'],
  notLearner: [Code.FailedPrecondition, 'can only promote a learner member'],
  notLeader: [Code.FailedPrecondition, 'not leader'],
  badTransferee: [Code.FailedPrecondition, 'bad leader transferee'],
  notForLearner: [Code.FailedPrecondition, 'rpc not supported for learner'],
  noLeader: [Code.Unavailable, 'no leader'],
  leaderChanged: [Code.Unavailable, 'leader changed'],
  timeout: [Code.Unavailable, 'request timed out'],
  timeoutLeaderFailed: [Code.Unavailable, 'request timed out, possibly due to previous leader failure'],
  stopped: [Code.Unavailable, 'server stopped'],
  unhealthy: [Code.Unavailable, 'unhealthy cluster'],
  corrupt: [Code.DataLoss, 'corrupt cluster'],
  permissionDenied: [Code.PermissionDenied, 'permission denied'],
  userEmpty: [Code.InvalidArgument, 'user name is empty'],
  userExists: [Code.FailedPrecondition, 'user name already exists'],
  userNotFound: [Code.FailedPrecondition, 'user name not found'],
  roleEmpty: [Code.InvalidArgument, 'role name is empty'],
  roleExists: [Code.FailedPrecondition, 'role name already exists'],
  roleNotFound: [Code.FailedPrecondition, 'role name not found'],
  roleNotGranted: [Code.FailedPrecondition, 'role is not granted to the user'],
  permissionNotGiven: [Code.InvalidArgument, 'permission not given'],
  permissionNotGranted: [Code.FailedPrecondition, 'permission is not granted to the role'],
  rootUserMissing: [Code.FailedPrecondition, 'root user does not exist'],
  rootRoleMissing: [Code.FailedPrecondition, 'root user does not have root role'],
  invalidAuthManagement: [Code.InvalidArgument, 'invalid auth management'],
  authNotEnabled: [Code.FailedPrecondition, 'authentication is not enabled'],
  authFailed: [Code.InvalidArgument, 'authentication failed, invalid user ID or password'],
  authOldRevision: [Code.InvalidArgument, 'revision of auth store is old'],
  hashedPassword: [Code.InvalidArgument, 'hashed passwords are not taken: give the password itself'],
  invalidToken: [Code.Unauthenticated, 'invalid auth token'],
} as const satisfies Record<string, Words>;

export type EtcdErrorName = keyof typeof words;

export function etcdError(name: EtcdErrorName): GrpcError {
  const [code, text] = words[name];
  return new GrpcError(code, `etcdserver: ${text}`);
}

/** As a watch gives it for its reason: with etcd's prefix, without a code. */
export function etcdText(name: EtcdErrorName): string {
  return `etcdserver: ${words[name][1]}`;
}

const ofRequest: Partial<Record<ApiErrorCode | StoreErrorCode, EtcdErrorName>> = {
  key_not_found: 'keyNotFound',
  duplicate_key: 'duplicateKey',
  too_large: 'requestTooLarge',
  compacted: 'compacted',
  future_revision: 'futureRevision',
  no_space: 'noSpace',
  overloaded: 'tooManyRequests',
  lease_not_found: 'leaseNotFound',
  lease_exists: 'leaseExists',
  member_not_found: 'memberNotFound',
  member_exists: 'memberExists',
  quorum_at_risk: 'unhealthyReconfiguration',
  last_voter: 'unhealthyReconfiguration',
  configuration_pending: 'unhealthyReconfiguration',
  configuration_joint: 'unhealthyReconfiguration',
  config_index_mismatch: 'unhealthyReconfiguration',
  learner_not_in_sync: 'learnerNotReady',
  not_a_learner: 'notLearner',
  not_leader: 'notLeader',
  transfer_failed: 'timeout',
  no_leader: 'noLeader',
  timeout: 'timeout',
  outcome_unknown: 'timeoutLeaderFailed',
  stopping: 'stopped',
  not_ready: 'unhealthy',
  parked: 'unhealthy',
  permission_denied: 'permissionDenied',
  unauthenticated: 'invalidToken',
  auth_outdated: 'authOldRevision',
  corrupt: 'corrupt',
};

const codesByText: ReadonlyMap<string, Code> = new Map(Object.values(words).map(([code, text]) => [text, code]));

export function errorOfCode(code: ApiErrorCode | StoreErrorCode, message: string): GrpcError {
  const name = ofRequest[code];
  if (name !== undefined) return etcdError(name);
  if (code === 'auth_refused')
    return new GrpcError(codesByText.get(message) ?? Code.FailedPrecondition, `etcdserver: ${message}`);
  return new GrpcError(code === 'invalid_request' ? Code.InvalidArgument : Code.Unknown, `etcdserver: ${message}`);
}

export function requestErrorOf({ code, message }: RequestError, call: Call): GrpcError {
  if (code === 'unauthenticated' && call.token === undefined) return etcdError('userEmpty');
  const gaveUp = code === 'timeout' || code === 'outcome_unknown' || code === 'no_leader';
  return gaveUp && call.isPastDeadline ? deadlineExceeded() : errorOfCode(code, message);
}

/** @param log of what is our fault; the caller is told no more than that */
export function errorOf(error: unknown, call: Call, log: (error: unknown, path: string) => void): GrpcError {
  if (error instanceof GrpcError) return error;
  if (error instanceof RequestError) return requestErrorOf(error, call);
  log(error, call.path);
  return new GrpcError(Code.Internal, "the request failed; this member's log has the details");
}
