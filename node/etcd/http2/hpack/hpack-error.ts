/** A header block that cannot be read: the connection's tables are lost with it (RFC 7541, section 2; RFC 9113, 4.3). */
export class HpackError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'HpackError';
  }
}
