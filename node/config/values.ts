/** Kinds of values that a setting can have. Whatever the source, a value arrives as text. */
import { z } from 'zod';

export type TextType<T> = z.ZodType<T, string>;

/** @param allowed completes the sentence "must be …" */
function parsed<T>(allowed: string, parse: (text: string) => T | null): TextType<T> {
  return z.string().transform((text, context) => {
    const value = parse(text.trim());
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: `must be ${allowed}` });
    return z.NEVER;
  });
}

export function textMatching(pattern: RegExp, allowed: string): TextType<string> {
  return parsed(allowed, (text) => (pattern.test(text) ? text : null));
}

export const filePath: TextType<string> = textMatching(/./, 'a path');

export const bool: TextType<boolean> = parsed('true or false', (text) =>
  text === 'true' ? true : text === 'false' ? false : null,
);

export function oneOf<const T extends string>(values: readonly T[]): TextType<T> {
  return parsed(`one of ${values.join(', ')}`, (text) => values.find((value) => value === text) ?? null);
}

export function integer(min: number, max: number): TextType<number> {
  const inRange = between(min, max);
  return parsed(`a whole number from ${min} to ${max}`, (text) => (/^\d+$/.test(text) ? inRange(Number(text)) : null));
}

const durationUnitsMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds. A number needs its unit, so that nobody has to guess; 0 is 0 in all of them. */
export function durationMs(min: string, max: string): TextType<number> {
  const inRange = between(readDuration(min)!, readDuration(max)!);
  return parsed(`a duration such as 100ms, 1s, 5m or 2h, from ${min} to ${max}`, (text) => inRange(readDuration(text)));
}

function readDuration(text: string): number | null {
  if (text === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  return match === null
    ? null
    : Math.round(Number(match[1]) * durationUnitsMs[match[2] as keyof typeof durationUnitsMs]);
}

const sizeUnits = {
  '': 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

/** Bytes. */
export function sizeBytes(min: string, max: string): TextType<number> {
  const inRange = between(readSize(min)!, readSize(max)!);
  return parsed(`a size such as 512KiB, 64MiB or 1GB, from ${min} to ${max}`, (text) => inRange(readSize(text)));
}

function readSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?) ?([KMGT]iB|[kKMG]?B|)$/.exec(text);
  return match === null ? null : Math.round(Number(match[1]) * sizeUnits[match[2] as keyof typeof sizeUnits]);
}

function between(min: number, max: number): (value: number | null) => number | null {
  return (value) => (value !== null && value >= min && value <= max ? value : null);
}

/** `host:port`, `[::1]:port`, or with templates for the host: `{{private}}:2380`. Resolved when the member starts. */
export const hostAndPort: TextType<string> = parsed(
  'HOST:PORT, where HOST is a name, an IPv4 address, an IPv6 address in brackets or a template such as {{private}}',
  (text) => {
    const match = /^(?:\[[0-9a-fA-F:.]+\]|(?:[\w.-]|\{\{[^{}]+\}\})+):(\d+)$/.exec(text);
    return match !== null && Number(match[1]) <= 65_535 ? text : null;
  },
);

const urlPattern = /^https?:\/\/(?:\[[0-9a-fA-F:.]+\]|(?:[\w.-]|\{\{[^{}]+\}\})+)(?::\d+)?$/;
const withoutSlash = (text: string): string => text.replace(/\/$/, '');

/** May hold templates as `hostAndPort`. */
export const url: TextType<string> = parsed('a URL such as http://10.0.0.1:2379, without a path', (text) =>
  urlPattern.test(withoutSlash(text)) ? withoutSlash(text) : null,
);

export const urls: TextType<readonly string[]> = parsed(
  'URLs such as http://10.0.0.1:2379, with commas between them',
  (text) => {
    const list = splitList(text).map(withoutSlash);
    return list.length > 0 && list.every((item) => urlPattern.test(item)) ? list : null;
  },
);

export type NamedUrl = { readonly name: string; readonly url: string };

export const namedUrls: TextType<readonly NamedUrl[]> = parsed(
  'NAME=URL of each member, with commas between them and no name or URL twice, such as a=http://10.0.0.1:2379,b=http://10.0.0.2:2379',
  (text) => {
    const list = splitList(text).map((item) => {
      const [name = '', address = ''] = item.split(/=(.*)/s);
      return { name, url: withoutSlash(address) };
    });
    const isWhole = list.length > 0 && list.every((item) => item.name !== '' && urlPattern.test(item.url));
    const isUnique =
      new Set(list.map((item) => item.name)).size === list.length &&
      new Set(list.map((item) => item.url)).size === list.length;
    return isWhole && isUnique ? list : null;
  },
);

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
