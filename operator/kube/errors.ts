/** What can go wrong with a request to the Kubernetes API, as one error with a code. */
import type { KubeErrorCause, KubeErrorCode } from './types.ts';

export interface KubeErrorDetails {
  readonly causes?: readonly KubeErrorCause[];
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

/** `message` says what was asked for and what the API server answered; it may be shown to the user. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: KubeErrorCode;
  readonly causes: readonly KubeErrorCause[];
  readonly retryAfterMs: number | null;

  constructor(code: KubeErrorCode, message: string, details: KubeErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.causes = details.causes ?? [];
    this.retryAfterMs = details.retryAfterMs ?? null;
  }

  /** For a write that failed: whether it may have happened nevertheless. */
  get mayHaveHappened(): boolean {
    return undecided.has(this.code);
  }
}

const undecided: ReadonlySet<KubeErrorCode> = new Set(['ServerError', 'Unreachable', 'Timeout', 'Aborted']);

export function isKubeError(error: unknown, ...codes: readonly KubeErrorCode[]): error is KubeError {
  return error instanceof KubeError && (codes.length === 0 || codes.includes(error.code));
}

/** A write was refused because the view that it was decided on is old: who reads anew has a new one. */
export function isOldView(error: unknown): error is KubeError {
  return isKubeError(error, 'Conflict', 'AlreadyExists', 'NotFound');
}
