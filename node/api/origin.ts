/**
 * A page of another origin must not write through its visitor's browser: the client port is often reachable from
 * a browser and open to whoever reaches it. Only browsers send these headers, and pages cannot forge them.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { RequestError } from '../server/types.ts';

export function assertSameOrigin(headers: IncomingHttpHeaders): void {
  const { origin } = headers;
  if (origin === undefined) return;
  const site = headers['sec-fetch-site'];
  // Preferred where the browser sends it: it stays true behind a proxy that rewrites Host.
  const isOwn = site === undefined ? hostOf(origin) === headers.host : site === 'same-origin' || site === 'none';
  if (!isOwn) throw new RequestError('permission_denied', `pages of ${origin} may not write here`);
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
