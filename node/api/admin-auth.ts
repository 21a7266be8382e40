/**
 * Who may make administrative calls: whoever shows a token of the token file, or a client certificate of an
 * administrator. Where neither is configured, everyone.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type PeerCertificate, TLSSocket } from 'node:tls';
import { RequestError } from '../server/types.ts';
import type { ApiLogger } from './context.ts';

export type AdminAuth = {
  /**
   * One token a line, so that a new one can be rolled out before the old one goes. Read at each administrative call:
   * these are rare, and a changed file counts at once. Null: no tokens.
   */
  readonly tokenFile: string | null;
  /**
   * Common names or DNS names of client certificates that may administer; `'Any'` for every certificate that the
   * client CA has signed. Null: certificates give no right.
   */
  readonly certificateNames: readonly string[] | 'Any' | null;
};

/** The parts of a request, over HTTP/1.1 or gRPC, that may show the right. */
export type AdminRequest = {
  readonly headers: { readonly authorization?: string | undefined };
  readonly socket: unknown;
};

/**
 * Lets only administrators pass.
 *
 * @returns whether the caller has proved the right; false where neither token nor certificate is configured
 * @throws RequestError `unauthenticated` or `permission_denied`
 */
export async function assertAdmin(auth: AdminAuth, request: AdminRequest, logger: ApiLogger): Promise<boolean> {
  if (auth.tokenFile === null && auth.certificateNames === null) return false;
  const certificate = verifiedCertificate(request);
  if (certificate !== null && mayAdminister(certificate, auth.certificateNames)) return true;
  const token = bearerToken(request.headers.authorization);
  if (token !== null && auth.tokenFile !== null) {
    if (await isToken(token, auth.tokenFile, logger)) return true;
    throw new RequestError('unauthenticated', 'the administrative token is not valid');
  }
  if (certificate !== null && auth.certificateNames !== null) {
    throw new RequestError(
      'permission_denied',
      `the client certificate of '${commonNames(certificate).join(', ')}' is not an administrator's`,
    );
  }
  const ways = [
    ...(auth.tokenFile === null ? [] : ["an 'Authorization: Bearer TOKEN' header"]),
    ...(auth.certificateNames === null ? [] : ['a client certificate']),
  ];
  throw new RequestError('unauthenticated', `this is an administrative call: it needs ${ways.join(' or ')}`);
}

export function bearerToken(header: string | undefined): string | null {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? null;
}

async function isToken(token: string, tokenFile: string, logger: ApiLogger): Promise<boolean> {
  let content: string;
  try {
    content = await readFile(tokenFile, 'utf8');
  } catch (error) {
    // Closed, not open: a token file that cannot be read lets nobody in.
    logger.error({ file: tokenFile, err: error }, 'api_admin_token_unreadable');
    return false;
  }
  const given = digest(token);
  let isValid = false;
  for (const line of content.split('\n')) {
    const valid = line.trim();
    if (valid !== '' && timingSafeEqual(given, digest(valid))) isValid = true;
  }
  return isValid;
}

/** Equal lengths for `timingSafeEqual`, which otherwise tells the length of the secret. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The client's certificate, if the server's client CA has signed it; otherwise null. */
function verifiedCertificate({ socket }: AdminRequest): PeerCertificate | null {
  return socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : null;
}

function mayAdminister(certificate: PeerCertificate, names: AdminAuth['certificateNames']): boolean {
  if (names === null) return false;
  if (names === 'Any') return true;
  const dnsNames = (certificate.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name.startsWith('DNS:'))
    .map((name) => name.slice('DNS:'.length));
  return [...commonNames(certificate), ...dnsNames].some((name) => names.includes(name));
}

function commonNames({ subject }: PeerCertificate): readonly string[] {
  return [subject?.CN ?? []].flat();
}
