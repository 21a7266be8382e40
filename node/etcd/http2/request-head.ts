/** What a request's header block says (RFC 9113, section 8.3.1). */
import type { HeaderField } from './hpack/header-field.ts';

export type RequestHead = {
  readonly method: string;
  /** Empty for CONNECT. */
  readonly path: string;
  /** The fields that are no pseudo-headers; one that came more than once has its values joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null when it was not said. */
  readonly contentLength: number | null;
};

const DIGITS = /^\d{1,15}$/;

/** Null when it is malformed (section 8.1.1). */
export function requestHeadOf(fields: readonly HeaderField[]): RequestHead | null {
  const pseudo: { method?: string; scheme?: string; path?: string; authority?: string } = {};
  // Names come from the peer: none of them may be found on a prototype.
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  let isPastPseudo = false;
  for (const { name, value, isPseudo, isValid } of fields) {
    if (!isValid) return null;
    if (!isPseudo) {
      isPastPseudo = true;
      const before = headers[name];
      headers[name] = before === undefined ? value : `${before}, ${value}`;
      continue;
    }
    const key = pseudoKeys.get(name);
    if (isPastPseudo || key === undefined || pseudo[key] !== undefined) return null;
    pseudo[key] = value;
  }
  const { method, scheme, path, authority } = pseudo;
  const isConnect = method === 'CONNECT';
  const isWhole = isConnect
    ? scheme === undefined && path === undefined && authority !== undefined
    : method !== undefined && scheme !== undefined && path !== undefined && path !== '';
  if (!isWhole) return null;
  const length = headers['content-length'];
  if (length !== undefined && !DIGITS.test(length)) return null;
  return { method: method!, path: path ?? '', headers, contentLength: length === undefined ? null : Number(length) };
}

/** Fields after a request's data may be anything but pseudo-headers (section 8.1). */
export function areValidTrailers(fields: readonly HeaderField[]): boolean {
  return fields.every(({ isValid, isPseudo }) => isValid && !isPseudo);
}

const pseudoKeys: ReadonlyMap<string, 'method' | 'scheme' | 'path' | 'authority'> = new Map([
  [':method', 'method'],
  [':scheme', 'scheme'],
  [':path', 'path'],
  [':authority', 'authority'],
]);
