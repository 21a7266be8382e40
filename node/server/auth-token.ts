/**
 * Tokens of users: JWTs (RFC 7519, HS256), signed with a key that is replicated, so that every member takes what any of them has
 * given. One is void once its user was changed, or its time is over.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AuthState, User } from '../store/auth/state.ts';

/** As long as etcd's own. Clients fetch another one when theirs is refused. */
const LIFETIME_SECONDS = 300;
const HEADER = encode({ alg: 'HS256', typ: 'JWT' });

type Claims = { readonly username: string; readonly revision: number; readonly exp: number };

export function issueToken(state: AuthState, { name, changedAt }: User, nowMs: number): string {
  const claims: Claims = { username: name, revision: changedAt, exp: Math.floor(nowMs / 1000) + LIFETIME_SECONDS };
  const content = `${HEADER}.${encode(claims)}`;
  return `${content}.${sign(state, content).toString('base64url')}`;
}

/** Null: the token is not valid now. */
export function userOfToken(state: AuthState, token: string, nowMs: number): User | null {
  const end = token.lastIndexOf('.');
  const content = token.slice(0, Math.max(end, 0));
  // Only our own header is accepted, byte for byte: a token cannot choose the algorithm that it is checked by.
  if (state.tokenKey === '' || !content.startsWith(`${HEADER}.`)) return null;
  const given = Buffer.from(token.slice(end + 1), 'base64url');
  const expected = sign(state, content);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const { username, revision, exp } = JSON.parse(
    Buffer.from(content.slice(HEADER.length + 1), 'base64url').toString(),
  ) as Claims;
  if (nowMs / 1000 >= exp) return null;
  return state.users.find(({ name, changedAt }) => name === username && changedAt === revision) ?? null;
}

function sign({ tokenKey }: AuthState, content: string): Buffer {
  return createHmac('sha256', Buffer.from(tokenKey, 'base64')).update(content).digest();
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
