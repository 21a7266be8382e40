/**
 * The query of a request: every parameter known and given once, or the request is refused. A misspelt `prefx` that
 * was ignored could delete more than was meant.
 */
import { invalid } from './errors.ts';
import { decodeQueryValue } from './percent.ts';

/** Text that stands for itself: nothing in it is encoded. */
const isPlain = /^[\w.~-]*$/;

export class Query {
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value as it came, still percent-encoded. */
  raw(name: string): string | null {
    return this.#values.get(name) ?? null;
  }

  text(name: string): string | null {
    const raw = this.raw(name);
    return raw === null || isPlain.test(raw) ? raw : this.#bytesOf(name)!.toString('utf8');
  }

  /** From `name`, or in base64 from `name_base64`. */
  bytes(name: string): Buffer | null {
    const base64 = this.text(`${name}_base64`);
    if (base64 === null) return this.#bytesOf(name);
    if (this.has(name)) throw invalid(`give '${name}' or '${name}_base64', not both`);
    return decodeBase64(base64, `${name}_base64`);
  }

  /** A whole number of at least `least`. */
  integer(name: string, least: number): number | null {
    const text = this.text(name);
    if (text === null) return null;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw invalid(`'${name}' is '${text}'; it must be a whole number of at least ${least}`);
  }

  /** `?name`, `?name=true` and `?name=false`. */
  flag(name: string, ifAbsent: boolean): boolean {
    const text = this.text(name);
    if (text === null) return ifAbsent;
    if (text === '' || text === 'true') return true;
    if (text === 'false') return false;
    throw invalid(`'${name}' is '${text}'; it must be true or false`);
  }

  /** The parameters for which `keep` holds, as one text that does not depend on their order. */
  canonical(keep: (name: string) => boolean): string {
    return [...this.#values]
      .filter(([name]) => keep(name))
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join('&');
  }

  #bytesOf(name: string): Buffer | null {
    const value = this.#values.get(name);
    return value === undefined ? null : decodeQueryValue(value, `the parameter '${name}'`);
  }
}

export const emptyQuery: Query = new Query(new Map());

/** @param text what follows the question mark, or null where there is none */
export function parseQuery(text: string | null, known: ReadonlySet<string>): Query {
  if (text === null || text === '') return emptyQuery;
  const values = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (!known.has(name))
      throw invalid(`unknown parameter '${name}'; this call takes ${[...known].join(', ') || 'none'}`);
    if (values.has(name)) throw invalid(`the parameter '${name}' is given twice`);
    values.set(name, equals < 0 ? '' : pair.slice(equals + 1));
  }
  return new Query(values);
}

/** Standard or URL-safe alphabet, padded or not. Node's own decoder skips what it does not understand. */
export function decodeBase64(text: string, what: string): Buffer {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text) || text.replaceAll('=', '').length % 4 === 1) {
    throw invalid(`'${what}' is not base64`);
  }
  return Buffer.from(text, 'base64');
}
