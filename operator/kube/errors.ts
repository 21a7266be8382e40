/** The one error for failed requests to the Kubernetes API; its code says what went wrong. */
import type { KubeErrorCause, KubeErrorCode } from './types.ts';

export interface KubeErrorDetails {
  readonly causes?: readonly KubeErrorCause[];
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

/** The message says what was requested and what the API server answered. It may be shown to users. */
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

  /** Whether a write that failed with this error may have been carried out nevertheless. */
  get mayHaveHappened(): boolean {
    return undecided.has(this.code);
  }
}

const undecided: ReadonlySet<KubeErrorCode> = new Set(['ServerError', 'Unreachable', 'Timeout', 'Aborted']);

export function isKubeError(error: unknown, ...codes: readonly KubeErrorCode[]): error is KubeError {
  return error instanceof KubeError && (codes.length === 0 || codes.includes(error.code));
}

/** Whether a write was refused because the caller's copy of the object is outdated; read it again and decide anew. */
export function isOldView(error: unknown): error is KubeError {
  return isKubeError(error, 'Conflict', 'AlreadyExists', 'NotFound');
}
