/** Turns a refusal of the API server, that is its HTTP status and its `Status` object, into a KubeError. */
import { KubeError } from './errors.ts';
import type { KubeErrorCause, KubeErrorCode } from './types.ts';

export interface Refusal {
  readonly httpStatus: number;
  /** The body of the response; usually a `Status` as JSON, but plain text is possible. */
  readonly body: string;
  /** The header `retry-after`, in seconds. */
  readonly retryAfter: string | undefined;
  /** Describes the request in the error's message, for example `delete Pod default/db-0`. */
  readonly request: string;
}

interface Status {
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: {
    readonly name?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

export function errorFromRefusal({ httpStatus, body, retryAfter, request }: Refusal): KubeError {
  const status = parseStatus(body);
  const said = status.message ?? (body.slice(0, 200).trim() || `HTTP ${httpStatus}`);
  const afterSeconds =
    status.details?.retryAfterSeconds ?? (retryAfter === undefined ? Number.NaN : Number(retryAfter));
  return new KubeError(codeOf(httpStatus, status), `${request}: ${said}`, {
    causes: causesOf(status),
    retryAfterMs: Number.isFinite(afterSeconds) ? afterSeconds * 1000 : null,
  });
}

/** The KubeError for the `Status` object in an ERROR event of a watch. */
export function errorFromStatusObject(object: unknown, request: string): KubeError {
  const code = (object as Status | null)?.code;
  return errorFromRefusal({ httpStatus: code ?? 500, body: JSON.stringify(object), retryAfter: undefined, request });
}

function codeOf(httpStatus: number, status: Status): KubeErrorCode {
  switch (httpStatus) {
    case 401:
      return 'Unauthorized';
    case 403:
      return 'Forbidden';
    case 404:
      // If the kind itself is unknown, the `Status` names no object, or the answer is plain text.
      return status.details?.name === undefined ? 'KindNotServed' : 'NotFound';
    case 409:
      return status.reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
    case 410:
      return 'Gone';
    case 422:
      // The API server answers 422 to a patch whose uid differs from that of the object with this name.
      return status.details?.causes?.some(({ field }) => field === 'metadata.uid') ? 'Conflict' : 'Invalid';
    case 429:
      return 'TooManyRequests';
    default:
      return httpStatus >= 500 ? 'ServerError' : 'BadRequest';
  }
}

function causesOf({ details }: Status): KubeErrorCause[] {
  return (details?.causes ?? []).map(({ reason, message, field }) => ({
    reason: reason ?? '',
    message: message ?? '',
    field: field ?? '',
  }));
}

function parseStatus(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
