/** Keys and values are bytes; most are text. How each travels in a path, a query and JSON. */
import { QuorateError } from './errors.ts';

/** A string stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array;

const encoder = new TextEncoder();
// A byte order mark is part of a value, not decoration.
const lossy = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Text of the bytes; U+FFFD stands for what is not UTF-8. */
export function toText(bytes: Bytes): string {
  return typeof bytes === 'string' ? bytes : lossy.decode(bytes);
}

export function toBytes(bytes: Bytes): Uint8Array<ArrayBuffer> {
  return typeof bytes === 'string' ? encoder.encode(bytes) : new Uint8Array(bytes);
}

/** `{name: text}`, or `{name_base64: …}` for what is not UTF-8. */
export function jsonField<Name extends string>(
  name: Name,
  bytes: Bytes,
): { [Field in Name]?: string } & { [Field in `${Name}_base64`]?: string } {
  const text = exactText(bytes);
  const field = text === null ? { [`${name}_base64`]: toBase64(toBytes(bytes)) } : { [name]: text };
  return field as { [Field in Name]?: string } & { [Field in `${Name}_base64`]?: string };
}

/** The inverse of `jsonField`: text as text, base64 as bytes. */
export function fromJsonField(text: string | undefined, base64: string | undefined): Bytes {
  return base64 === undefined ? (text ?? '') : fromBase64(base64);
}

export function setParameter(query: URLSearchParams, name: string, bytes: Bytes): void {
  const text = exactText(bytes);
  if (text === null) query.set(`${name}_base64`, toBase64(toBytes(bytes)));
  else query.set(name, text);
}

/** Where one key lives. A path cannot carry `.`, `..` (URLs fold them away) or bytes that are not UTF-8. */
export function keyPath(key: Bytes): { path: string; query: URLSearchParams } {
  if (key.length === 0) throw new QuorateError('invalid_request', 'a key must not be empty');
  const query = new URLSearchParams();
  const text = exactText(key);
  if (text === null || text === '.' || text === '..') {
    query.set('key_base64', toBase64(toBytes(key)));
    return { path: '/v1/kv', query };
  }
  return { path: `/v1/kv/${encodeURIComponent(text)}`, query };
}

function exactText(bytes: Bytes): string | null {
  if (typeof bytes === 'string') {
    // Half a surrogate pair has no UTF-8; an encoder would replace it and address another key.
    if (!/\p{Surrogate}/u.test(bytes)) return bytes;
    throw new QuorateError(
      'invalid_request',
      'a string with half a surrogate pair is not text; pass bytes as a Uint8Array',
    );
  }
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
