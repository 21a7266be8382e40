/** What a peer did wrong, as far as it reaches (RFC 9113, section 5.4). */
import type { ErrorCode } from './protocol.ts';

/** Ends the connection. */
export class ConnectionError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'ConnectionError';
    this.code = code;
  }
}

/** Ends one stream. */
export class StreamError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'StreamError';
    this.code = code;
  }
}
