/** Percent-encoded bytes as they stand in a path or a query. They need not be UTF-8: `%FF` is the byte 255. */
import { invalid } from './errors.ts';

const percent = 0x25;
const plus = 0x2b;

/** @param what names the text in an error, such as `the key in the path` */
export function decodePercent(text: string, what: string): Buffer {
  // Node hands over the request line's bytes as Latin-1.
  const bytes = Buffer.from(text, 'latin1');
  return text.includes('%') ? decodeInPlace(bytes, what) : bytes;
}

/** As `decodePercent`, and `+` is a space: what HTML forms and `URLSearchParams` write. */
export function decodeQueryValue(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (text.includes('+')) {
    for (let at = 0; at < bytes.length; at++) if (bytes[at] === plus) bytes[at] = 0x20;
  }
  return text.includes('%') ? decodeInPlace(bytes, what) : bytes;
}

function decodeInPlace(bytes: Buffer, what: string): Buffer {
  let end = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte !== percent) {
      bytes[end++] = byte;
      continue;
    }
    const high = at + 1 < bytes.length ? hexDigit(bytes[at + 1]!) : -1;
    const low = at + 2 < bytes.length ? hexDigit(bytes[at + 2]!) : -1;
    if (high < 0 || low < 0) {
      throw invalid(`${what}: '%' must be followed by two hexadecimal digits; write %25 for a percent sign`);
    }
    bytes[end++] = high * 16 + low;
    at += 2;
  }
  return bytes.subarray(0, end);
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
