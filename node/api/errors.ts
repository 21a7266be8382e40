/** Every error of the API in one table: its HTTP status, and the sentence that documents it. */
import type { ApiErrorBody, ApiErrorCode } from '../../client/types.ts';
import { RequestError } from '../server/types.ts';

type ErrorEntry = { readonly status: number; readonly meaning: string };

/** docs/http-api.md carries this table; a test holds the two together. */
export const errorTable: Readonly<Record<ApiErrorCode, ErrorEntry>> = {
  invalid_request: {
    status: 400,
    meaning: 'The request is malformed; the message names the field and what is allowed.',
  },
  duplicate_key: { status: 400, meaning: 'One branch of a transaction writes a key twice.' },
  future_revision: { status: 400, meaning: 'The revision asked for does not exist yet.' },
  unauthenticated: {
    status: 401,
    meaning: 'No valid token or client certificate: of an administrator, or of a user where the cluster has users.',
  },
  permission_denied: {
    status: 403,
    meaning:
      'The client certificate is valid but not an administrator’s, the user has no right to this, or a web page of another origin tried to write.',
  },
  key_not_found: { status: 404, meaning: 'The key does not exist (at the revision asked for).' },
  lease_not_found: { status: 404, meaning: 'No such lease: it expired, was revoked or never was.' },
  member_not_found: { status: 404, meaning: 'No member with this id.' },
  not_found: { status: 404, meaning: 'There is no such call.' },
  method_not_allowed: { status: 405, meaning: 'The call does not take this method; `Allow` lists those it takes.' },
  lease_exists: { status: 409, meaning: 'A lease with this id exists already.' },
  member_exists: { status: 409, meaning: 'Another member holds this name, address or incarnation.' },
  config_index_mismatch: {
    status: 409,
    meaning: 'The membership has changed since it was read: read it again and decide anew.',
  },
  configuration_pending: {
    status: 409,
    meaning: 'Another membership change is under way, or the leader is too new to begin one.',
  },
  configuration_joint: { status: 409, meaning: 'The cluster is between two voter sets; the change must finish first.' },
  not_a_learner: { status: 409, meaning: 'Only a learner can be promoted.' },
  learner_not_in_sync: { status: 409, meaning: 'The learner has not caught up enough to become a voter.' },
  last_voter: { status: 409, meaning: 'The change would leave the cluster without a voter.' },
  quorum_at_risk: { status: 409, meaning: 'The change would leave fewer reachable voters than a quorum.' },
  auth_refused: { status: 409, meaning: 'Users or roles cannot be changed in this way.' },
  auth_outdated: {
    status: 409,
    meaning:
      'Users or roles have changed since the request, or the token that it shows, was made. Nothing was done; try again, with a new token where it was of `--auth-token jwt`.',
  },
  grant_conflict: { status: 409, meaning: 'This data folder has accepted another founding, join or recovery record.' },
  transfer_failed: { status: 409, meaning: 'Leadership did not move before the deadline; the old leader goes on.' },
  not_parked: { status: 409, meaning: 'The call is for a parked member; this one belongs to a cluster already.' },
  compacted: {
    status: 410,
    meaning:
      'The revision lies in history that was compacted away: read the present state and go on from its revision.',
  },
  precondition_failed: {
    status: 412,
    meaning: '`If-Match` or `If-None-Match` was not met; `revision` is the key’s present one, 0 when absent.',
  },
  too_large: {
    status: 413,
    meaning:
      'The body, the value or the request’s head is over its limit, or what a write would answer. Nothing was done.',
  },
  not_leader: {
    status: 421,
    meaning: 'Asked with `forward=false` of a member that does not lead; `leader_url` says where to go.',
  },
  idempotency_key_reused: { status: 422, meaning: 'The `Idempotency-Key` was used before with another request.' },
  overloaded: {
    status: 429,
    meaning: 'Too many requests, streams or bytes in flight on this member. Nothing was done; try again.',
  },
  too_many_idempotency_keys: {
    status: 429,
    meaning: 'The store remembers as many `Idempotency-Key`s as it may. Nothing was done.',
  },
  internal: { status: 500, meaning: 'A fault in the member; its log has the details under the id in the message.' },
  corrupt: {
    status: 500,
    meaning: 'Members hold different keys, so keys and leases are not changed until that is settled. Nothing was done.',
  },
  no_leader: { status: 503, meaning: 'No leader was found within the request’s timeout. Nothing was done.' },
  not_ready: { status: 503, meaning: 'The member is starting or catching up. Nothing was done.' },
  parked: { status: 503, meaning: 'The member does not take part; the message says why and what to do.' },
  stopping: { status: 503, meaning: 'The member is stopping. Nothing was done.' },
  timeout: {
    status: 504,
    meaning: 'No answer within the timeout. A write may still happen; a retry is safe only with an `Idempotency-Key`.',
  },
  outcome_unknown: {
    status: 504,
    meaning:
      'The answer was lost with the leader. The write may have happened; a retry is safe only with an `Idempotency-Key`.',
  },
  no_space: {
    status: 507,
    meaning:
      'A disk is almost full, so growth is refused until space is free. Deletes, compaction and membership still work.',
  },
};

/** Codes after which the same request may succeed soon: their answers carry `Retry-After`. */
const passing: ReadonlySet<ApiErrorCode> = new Set<ApiErrorCode>([
  'overloaded',
  'too_many_idempotency_keys',
  'no_leader',
  'not_ready',
  'stopping',
]);

export function isPassing(code: ApiErrorCode): boolean {
  return passing.has(code);
}

export function errorBody(code: ApiErrorCode, message: string, detail: RequestError['detail']): ApiErrorBody {
  return { error: { code, message, ...detail } };
}

/** The caller's mistake, in a sentence that says what was wrong and what is allowed. */
export function invalid(message: string): RequestError {
  return new RequestError('invalid_request', message);
}

/** The documentation's table of error codes, in Markdown. */
export function errorTableMarkdown(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { status, meaning }]) => `| ${status} | \`${code}\` | ${meaning} |`,
  );
  return ['| status | code | meaning |', '|---|---|---|', ...rows].join('\n');
}
