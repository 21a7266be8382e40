/** Values of options, read for commander: what is wrong and what is allowed, in one line. */
import { InvalidArgumentError } from 'commander';

/** Milliseconds of `500ms`, `5s`, `2m`. */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be a duration such as 500ms, 5s or 1m.');
  const durationMs = Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2] as 'ms' | 's' | 'm'];
  if (durationMs < 1 || durationMs > 60_000) throw new InvalidArgumentError('It must be from 1ms to 60s.');
  return durationMs;
}

export function parseWhole(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

export function parsePositive(text: string): number {
  const value = parseWhole(text);
  if (value === 0) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

/** An int64 as the API writes it. */
export function parseLease(text: string): string {
  if (!/^[1-9]\d{0,18}$/.test(text))
    throw new InvalidArgumentError('A lease id is a decimal number, as `lease grant` prints it.');
  return text;
}

export function parseEndpoints(text: string): string[] {
  const endpoints = text
    .split(',')
    .map((endpoint) => endpoint.trim())
    .filter((endpoint) => endpoint !== '');
  for (const endpoint of endpoints) {
    if (!/^https?:\/\/[^/]+\/?$/.test(endpoint) || !URL.canParse(endpoint)) {
      throw new InvalidArgumentError(`'${endpoint}' is not a URL such as http://127.0.0.1:2379.`);
    }
  }
  if (endpoints.length === 0) throw new InvalidArgumentError('It must be one or more URLs, separated by commas.');
  return endpoints;
}
