/** How a call ends: gRPC's status codes, and the error that carries one to the caller. */

export const Code = {
  Ok: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

export type Code = (typeof Code)[keyof typeof Code];

const names: readonly string[] = Object.keys(Code).map((name) => (name === 'Ok' ? 'OK' : name));

/** The code as most libraries of gRPC and their metrics write it. */
export function codeName(code: Code): string {
  return names[code]!;
}

/** The caller gets exactly this code and message. */
export class GrpcError extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    super(message);
    this.name = 'GrpcError';
    this.code = code;
  }
}

export function deadlineExceeded(): GrpcError {
  return new GrpcError(Code.DeadlineExceeded, 'context deadline exceeded');
}

const UNSAFE = /[^\x20-\x24\x26-\x7e]/;

/** The text of a `grpc-message` on the wire: what is no printable ASCII becomes percent-encoded UTF-8. */
export function encodeMessage(message: string): string {
  if (!UNSAFE.test(message)) return message;
  let encoded = '';
  for (const byte of Buffer.from(message)) {
    const isSafe = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isSafe ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
