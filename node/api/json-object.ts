/** A JSON object from outside, read field by field with errors that name the field. For requests on hot paths. */
import { invalid } from './errors.ts';
import { decodeBase64 } from './query.ts';

export class JsonObject {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name) && this.#fields[name] !== undefined;
  }

  get(name: string): unknown {
    return this.has(name) ? this.#fields[name] : undefined;
  }

  /** Refuses fields that nobody reads: most are misspelt. */
  allow(at: string, names: readonly string[]): void {
    for (const name of Object.keys(this.#fields)) {
      if (!names.includes(name)) throw invalid(`${at}: unknown field '${name}'; it may have ${names.join(', ')}`);
    }
  }

  array(name: string, at: string): readonly unknown[] {
    const value = this.get(name);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    throw invalid(`${at}.${name} must be a list`);
  }

  boolean(name: string, at: string): boolean {
    const value = this.get(name);
    if (value === undefined) return false;
    if (typeof value === 'boolean') return value;
    throw invalid(`${at}.${name} must be true or false`);
  }

  /** A whole number from 0, or null where absent. */
  count(name: string, at: string): number | null {
    const value = this.get(name);
    if (value === undefined) return null;
    if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
    throw invalid(`${at}.${name} must be a whole number from 0`);
  }

  /** Text in `name`, or bytes in `name_base64`; null where neither is given. */
  bytes(name: string, at: string): Buffer | null {
    const text = this.get(name);
    const base64 = this.get(`${name}_base64`);
    if (text !== undefined && base64 !== undefined)
      throw invalid(`${at}: give '${name}' or '${name}_base64', not both`);
    if (base64 !== undefined) {
      if (typeof base64 !== 'string') throw invalid(`${at}.${name}_base64 must be a string`);
      return decodeBase64(base64, `${at}.${name}_base64`);
    }
    if (text === undefined) return null;
    if (typeof text !== 'string') throw invalid(`${at}.${name} must be a string`);
    // Half a surrogate pair has no UTF-8: an encoder would replace it and so address another key.
    if (!text.isWellFormed()) throw invalid(`${at}.${name} is not well-formed text; send it as '${name}_base64'`);
    return Buffer.from(text, 'utf8');
  }
}

export function objectOf(json: unknown, at: string): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    return new JsonObject(json as Record<string, unknown>);
  }
  throw invalid(`${at} must be a JSON object`);
}
