/** A mistake or a condition that the user can mend: printed as one line, never with a stack. */
export class UserError extends Error {
  readonly exitCode: number;

  /** @param exitCode 1, or 2 for a command line that makes no sense */
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = 'UserError';
    this.exitCode = exitCode;
  }
}
