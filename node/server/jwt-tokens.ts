/**
 * Tokens of users as etcd's of the kind `jwt`: signed with keys that the administrator gives, by a member or by whoever else
 * has the private key. They name the revision of users and roles that they were given at.
 */
import type { KeyObject } from 'node:crypto';
import type { AuthState, User } from '../store/auth/state.ts';
import { type Claims, encodeJson, invalidToken, type Tokens } from './auth-token.ts';
import { type JwtMethodName, jwtMethods } from './jwt-method.ts';
import { RequestError } from './types.ts';
import { VerifiedTokens } from './verified-tokens.ts';

export type JwtOptions = {
  readonly method: JwtMethodName;
  /** Null: this member verifies only. */
  readonly signingKey: KeyObject | null;
  readonly verifyingKey: KeyObject;
  readonly ttlMs: number;
};

type Verified = Claims & { readonly nbf?: number };

const SHAPE = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/;

export class JwtTokens implements Tokens {
  readonly #options: JwtOptions;
  readonly #header: string;
  readonly #known: VerifiedTokens<Verified> = new VerifiedTokens();

  constructor(options: JwtOptions) {
    this.#options = options;
    this.#header = encodeJson({ alg: options.method, typ: 'JWT' });
  }

  issue({ revision }: AuthState, { name }: User, nowMs: number): string | null {
    const { method, signingKey, ttlMs } = this.#options;
    if (signingKey === null) return null;
    const claims: Claims = { username: name, revision, exp: Math.floor((nowMs + ttlMs) / 1000) };
    const content = `${this.#header}.${encodeJson(claims)}`;
    return `${content}.${jwtMethods[method].sign(content, signingKey).toString('base64url')}`;
  }

  userOf(state: AuthState, token: string, nowMs: number, concernsKeys: boolean): User {
    const { username, revision, exp, nbf } = this.#verified(token);
    const seconds = nowMs / 1000;
    if ((exp !== undefined && seconds >= exp) || (nbf !== undefined && seconds < nbf)) throw invalidToken();
    // As in etcd, whoever changes users does not need a new token for each change; but one that was changed does. A revision
    // that is yet to come would make a token that nothing can ever call back.
    const user = state.users.find(({ name }) => name === username);
    const oldest = concernsKeys ? state.revision : (user?.changedAt ?? 0);
    if (revision < oldest || revision > state.revision) throw outdated();
    if (user === undefined) throw new RequestError('permission_denied', `user '${username}' of the token is not known`);
    return user;
  }

  #verified(token: string): Verified {
    const known = this.#known.claimsOf(token);
    if (known !== undefined) return known;
    const [, header = '', body = '', signature = ''] = SHAPE.exec(token) ?? [];
    const { method, verifyingKey } = this.#options;
    // The method is the configured one, whatever the token says: a public key is never taken for a secret, nothing for none.
    if (!isOfMethod(decodeJson(header), method)) throw invalidToken();
    const bytes = Buffer.from(signature, 'base64url');
    if (!jwtMethods[method].verify(`${header}.${body}`, bytes, verifyingKey)) throw invalidToken();
    const claims = decodeJson(body);
    if (!isClaims(claims)) throw invalidToken();
    this.#known.add(token, claims);
    return claims;
  }
}

/** One that names extensions which must be understood (RFC 7515 section 4.1.11) is of none. */
function isOfMethod(header: Readonly<Record<string, unknown>> | null, method: JwtMethodName): boolean {
  return header?.['alg'] === method && header['crit'] === undefined;
}

function isClaims(claims: Readonly<Record<string, unknown>> | null): claims is Verified {
  if (claims === null) return false;
  const isTime = (value: unknown): boolean => value === undefined || typeof value === 'number';
  const { username, revision, exp, nbf } = claims;
  return typeof username === 'string' && typeof revision === 'number' && isTime(exp) && isTime(nbf);
}

function decodeJson(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function outdated(): RequestError {
  return new RequestError(
    'auth_outdated',
    'the token is of another revision of users and roles than the present one: fetch a new one',
  );
}
