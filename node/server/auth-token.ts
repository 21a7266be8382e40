/**
 * Tokens of users. The simple kind: JWTs (RFC 7519, HS256), signed with a key that is replicated, so that every member takes
 * what any of them has given. One is void once its user was changed, or its time is over.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { AuthState, User } from '../store/auth/state.ts';
import { jwtMethods } from './jwt-method.ts';
import { RequestError } from './types.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** One kind of them: `--auth-token`. */
export type Tokens = {
  /** Null: this member has no key to sign with. */
  issue(state: AuthState, user: User, nowMs: number): string | null;
  /**
   * Who has shown the token.
   *
   * @param concernsKeys of a call that reads or writes keys
   * @throws RequestError unauthenticated, and of JWTs with keys of one's own auth_outdated, permission_denied
   */
  userOf(state: AuthState, token: string, nowMs: number, concernsKeys: boolean): User;
};

export type Claims = { readonly username: string; readonly revision: number; readonly exp?: number };

/** As long as etcd's own. Clients fetch another one when theirs is refused. */
const LIFETIME_SECONDS = 300;
const METHOD = 'HS256';
const HEADER = encodeJson({ alg: METHOD, typ: 'JWT' });

export class SimpleTokens implements Tokens {
  readonly #known: VerifiedTokens<Required<Claims>> = new VerifiedTokens();
  /** What those were verified by. */
  #tokenKey = '';

  issue(state: AuthState, { name, changedAt }: User, nowMs: number): string {
    const claims: Claims = { username: name, revision: changedAt, exp: Math.floor(nowMs / 1000) + LIFETIME_SECONDS };
    const content = `${HEADER}.${encodeJson(claims)}`;
    return `${content}.${jwtMethods[METHOD].sign(content, keyOf(state)).toString('base64url')}`;
  }

  userOf(state: AuthState, token: string, nowMs: number): User {
    const claims = this.#verified(state, token);
    if (nowMs / 1000 >= claims.exp) throw invalidToken();
    const user = state.users.find(({ name, changedAt }) => name === claims.username && changedAt === claims.revision);
    if (user === undefined) throw invalidToken();
    return user;
  }

  #verified(state: AuthState, token: string): Required<Claims> {
    if (state.tokenKey !== this.#tokenKey) {
      this.#known.forgetAll();
      this.#tokenKey = state.tokenKey;
    }
    const known = this.#known.claimsOf(token);
    if (known !== undefined) return known;
    const claims = verifiedClaims(state, token);
    if (claims === null) throw invalidToken();
    this.#known.add(token, claims);
    return claims;
  }
}

export function invalidToken(): RequestError {
  return new RequestError('unauthenticated', 'the token is not valid');
}

export function encodeJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function verifiedClaims(state: AuthState, token: string): Required<Claims> | null {
  const end = token.lastIndexOf('.');
  const content = token.slice(0, Math.max(end, 0));
  // Only our own header is accepted, byte for byte: a token cannot choose the algorithm that it is checked by.
  if (state.tokenKey === '' || !content.startsWith(`${HEADER}.`)) return null;
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  if (!jwtMethods[METHOD].verify(content, signature, keyOf(state))) return null;
  return JSON.parse(Buffer.from(content.slice(HEADER.length + 1), 'base64url').toString()) as Required<Claims>;
}

function keyOf({ tokenKey }: AuthState): KeyObject {
  return createSecretKey(tokenKey, 'base64');
}
