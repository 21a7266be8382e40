/** JSON within frames, for what is rare. */
import type { BodyReader } from './body-reader.ts';
import { ProtocolError } from './protocol-error.ts';

/** Undefined travels as null. Throws for what JSON cannot say; so call it before a frame is begun. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value ?? null);
}

export function readJson(reader: BodyReader): unknown {
  const text = reader.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ProtocolError('a frame holds text that is not JSON');
  }
}
