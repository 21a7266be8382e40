/** What can go wrong, as one hierarchy: `code` is for programs, `message` for people. */
import type { ApiErrorBody, ApiErrorCode } from './types.ts';

/**
 * The API's codes, and three of the client's own: `unreachable` (no answer came; what was asked may have happened,
 * unless no connection could be made), `invalid_answer` (something answered that is not Quorate, such as a proxy),
 * `lease_lost` (a held lease, lock or leadership is gone).
 */
export type QuorateErrorCode = ApiErrorCode | 'unreachable' | 'invalid_answer' | 'lease_lost';

export type QuorateErrorDetail = {
  /** HTTP status; 0 when there was no answer. */
  status?: number;
  leader?: number;
  leaderUrl?: string;
  revision?: number;
  cause?: unknown;
};

export class QuorateError extends Error {
  readonly code: QuorateErrorCode;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Id and client URL of the leader, where the code is `not_leader` and they are known. */
  readonly leader: number | null;
  readonly leaderUrl: string | null;
  /** With `precondition_failed` the key's modification revision, 0 when absent; with `key_not_found` the store's. */
  readonly revision: number | null;

  constructor(code: QuorateErrorCode, message: string, detail: QuorateErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'QuorateError';
    this.code = code;
    this.status = detail.status ?? 0;
    this.leader = detail.leader ?? null;
    this.leaderUrl = detail.leaderUrl ?? null;
    this.revision = detail.revision ?? null;
  }
}

/** The history that a watch or a read asked for has been compacted away: read the present state and go on from there. */
export class CompactedError extends QuorateError {
  readonly compactedRevision: number;

  constructor(message: string, compactedRevision: number, detail: QuorateErrorDetail = {}) {
    super('compacted', message, detail);
    this.name = 'CompactedError';
    this.compactedRevision = compactedRevision;
  }
}

/** `body` is what came as JSON, of whatever shape; null when it was none. */
export function errorFromAnswer(status: number, body: unknown, url: string): QuorateError {
  if (!isErrorBody(body)) {
    return new QuorateError(
      'invalid_answer',
      `${url} answered ${status} without an error of Quorate; is it a member's client port?`,
      {
        status,
      },
    );
  }
  const { code, message, leader, leader_url, revision, compacted_revision } = body.error;
  const detail: QuorateErrorDetail = { status };
  if (leader !== undefined) detail.leader = leader;
  if (leader_url !== undefined) detail.leaderUrl = leader_url;
  if (revision !== undefined) detail.revision = revision;
  if (code === 'compacted') return new CompactedError(message, compacted_revision ?? 0, detail);
  return new QuorateError(code, message, detail);
}

function isErrorBody(body: unknown): body is ApiErrorBody {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    'message' in error
  );
}
