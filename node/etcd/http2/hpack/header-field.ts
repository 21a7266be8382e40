/** A name and a value, judged once: most fields of a request were sent before and are only pointed at. */

/** By which a field counts more than its text, in tables and in lists (RFC 7541, section 4.1; RFC 9113, section 6.5.2). */
const OVERHEAD_BYTES = 32;

/** Lower case only, as HTTP/2 wants it (RFC 9113, section 8.2.1); a pseudo-header begins with a colon. */
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** No white space at either end (RFC 9113, section 8.2.1). */
const SPACE_AT_END = /^[ \t]|[ \t]$/;
/** Headers that speak of an HTTP/1.1 connection, which HTTP/2 forbids (RFC 9113, section 8.2.2). */
const CONNECTION_SPECIFIC = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

export class HeaderField {
  readonly name: string;
  readonly value: string;
  readonly sizeBytes: number;
  readonly isPseudo: boolean;
  /** May stand in a request, as far as it alone can tell. */
  readonly isValid: boolean;

  /** Each character is one byte. */
  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.sizeBytes = name.length + value.length + OVERHEAD_BYTES;
    this.isPseudo = name.charCodeAt(0) === 0x3a;
    this.isValid =
      NAME.test(name) &&
      isOneLine(value) &&
      !SPACE_AT_END.test(value) &&
      !CONNECTION_SPECIFIC.has(name) &&
      (name !== 'te' || value === 'trailers');
  }
}

/** No NUL, CR or LF (RFC 9113, section 8.2.1). */
function isOneLine(value: string): boolean {
  return !value.includes('\0') && !value.includes('\r') && !value.includes('\n');
}
