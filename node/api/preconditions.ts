/** `If-Match` and `If-None-Match` (RFC 9110, section 13) over ETags that are modification revisions. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Compare, Keys } from '../store/types.ts';
import { invalid } from './errors.ts';

/** A header's demand on the modification revision: to be one of these, or `Any` of a key that exists. */
type Tags = 'Any' | readonly number[];

export type Preconditions = { readonly match: Tags | null; readonly noneMatch: Tags | null };

/** @returns null where the request sets no condition */
export function preconditions(headers: IncomingHttpHeaders): Preconditions | null {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match === undefined && noneMatch === undefined) return null;
  return {
    match: match === undefined ? null : parseTags(match, 'If-Match'),
    noneMatch: noneMatch === undefined ? null : parseTags(noneMatch, 'If-None-Match'),
  };
}

/** For writes: the conditions as compares of one transaction, so that nothing can come between check and write. */
export function comparesOf({ match, noneMatch }: Preconditions, { key }: Keys): Compare[] {
  const compares: Compare[] = [];
  const on = { key, rangeEnd: null };
  if (match === 'Any') {
    compares.push({ ...on, comparison: 'NotEqual', target: 'Create', number: 0 });
  } else if (match !== null) {
    if (match.length > 1) throw invalid('If-Match takes one revision on a write; use /v1/txn for more');
    compares.push({ ...on, comparison: 'Equal', target: 'Mod', number: match[0]! });
  }
  if (noneMatch === 'Any') {
    compares.push({ ...on, comparison: 'Equal', target: 'Create', number: 0 });
  } else if (noneMatch !== null) {
    for (const number of noneMatch) compares.push({ ...on, comparison: 'NotEqual', target: 'Mod', number });
  }
  return compares;
}

/** For reads, over what was read; 0 is the revision of an absent key. */
export function judgeRead({ match, noneMatch }: Preconditions, modRevision: number): 'Send' | 'Failed' | 'NotModified' {
  if (match !== null && !matches(match, modRevision)) return 'Failed';
  if (noneMatch !== null && matches(noneMatch, modRevision)) return 'NotModified';
  return 'Send';
}

function matches(tags: Tags, modRevision: number): boolean {
  if (modRevision === 0) return false;
  return tags === 'Any' || tags.includes(modRevision);
}

function parseTags(text: string, header: string): Tags {
  if (text.trim() === '*') return 'Any';
  return text.split(',').map((tag) => {
    // A proxy that compresses turns an ETag into a weak one; the revision still says all.
    const digits = /^\s*(?:W\/)?"(\d{1,16})"\s*$/.exec(tag)?.[1];
    const revision = Number(digits);
    if (digits !== undefined && Number.isSafeInteger(revision)) return revision;
    throw invalid(`${header} is '${text}'; it must be * or a revision in double quotes, such as "123"`);
  });
}
