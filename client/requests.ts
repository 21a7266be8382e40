/** How the options of a call travel: in its path, its query and its headers. */
import { setParameter } from './bytes.ts';
import type { Request } from './caller.ts';
import type { GetOptions, PutOptions, RangeOptions } from './options.ts';

export function readRequest(path: string, query: URLSearchParams): Request {
  return { method: 'GET', path, query, isRepeatable: true, mayWait: true };
}

export function setReadOptions(query: URLSearchParams, options: GetOptions): void {
  if (options.consistency !== undefined) query.set('consistency', options.consistency);
  if (options.revision !== undefined) query.set('revision', String(options.revision));
}

export function rangeQuery(options: RangeOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (options.prefix !== undefined) setParameter(query, 'prefix', options.prefix);
  if (options.from !== undefined) setParameter(query, 'from', options.from);
  if (options.to !== undefined) setParameter(query, 'to', options.to);
  if (options.limit !== undefined) query.set('limit', String(options.limit));
  if (options.keysOnly === true) query.set('keys_only', 'true');
  return query;
}

export function conditions(options: Pick<PutOptions, 'ifRevision' | 'ifAbsent'>): Record<string, string> {
  return {
    ...(options.ifRevision === undefined ? {} : { 'if-match': `"${options.ifRevision}"` }),
    ...(options.ifAbsent === true ? { 'if-none-match': '*' } : {}),
  };
}

export function leasePath(id: string): string {
  return `/v1/leases/${encodeURIComponent(id)}`;
}
