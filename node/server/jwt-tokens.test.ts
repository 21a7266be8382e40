import assert from 'node:assert/strict';
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type AuthState, NO_AUTH } from '../store/auth/state.ts';
import { type JwtMethodName, jwtMethods } from './jwt-method.ts';
import { JwtTokens } from './jwt-tokens.ts';
import { ecPairs, edPair, jwt, otherRsaPair, type Pair, rsaPair, signatureBy } from './testing/foreign-jwt.ts';
import { RequestError } from './types.ts';

const NOW_MS = 1_800_000_000_000;
const now = NOW_MS / 1000;
const secret = createSecretKey(randomBytes(64));
const user = (name: string, changedAt: number) => ({ name, passwordHash: null, roles: [], changedAt });
const state: AuthState = { ...NO_AUTH, isEnabled: true, revision: 7, users: [user('app', 3), user('late', 6)] };
const good = { username: 'app', revision: 7, exp: now + 60 };

function pairOf(method: JwtMethodName): Pair {
  if (method.startsWith('HS')) return { privateKey: secret, publicKey: secret };
  if (method === 'EdDSA') return edPair;
  return method === 'ES256' || method === 'ES384' || method === 'ES512' ? ecPairs[method] : rsaPair;
}

function verifier(method: JwtMethodName, signingKey: KeyObject | null = null): JwtTokens {
  return new JwtTokens({ method, signingKey, verifyingKey: pairOf(method).publicKey, ttlMs: 600_000 });
}

function outcome(tokens: JwtTokens, token: string, concernsKeys = true, nowMs = NOW_MS): string {
  try {
    return tokens.userOf(state, token, nowMs, concernsKeys).name;
  } catch (error) {
    assert.ok(error instanceof RequestError, String(error));
    return error.code;
  }
}

const methods = Object.keys(jwtMethods) as JwtMethodName[];

test('each method takes what another one has signed by it, and nothing else', () => {
  assert.equal(methods.length, 13);
  for (const method of methods) {
    const tokens = verifier(method);
    const by = signatureBy(method, pairOf(method).privateKey);
    const token = jwt({ typ: 'JWT', alg: method, kid: '1' }, good, by);
    assert.equal(outcome(tokens, token), 'app', method);
    assert.equal(outcome(tokens, token), 'app', `${method}, a second time`);
    const [header = '', body = '', signature = ''] = token.split('.');
    const forged = Buffer.from(JSON.stringify({ ...good, username: 'late' })).toString('base64url');
    const bytes = Buffer.from(signature, 'base64url');
    bytes[bytes.length >> 1]! ^= 1;
    const bad = [
      `${header}.${forged}.${signature}`,
      `${header}.${body}.${bytes.toString('base64url')}`,
      `${header}.${body}.${signature.slice(0, -4)}`,
      `${header}.${body}.${signature}AAAA`,
      `${header}.${body}.`,
      `${header}.${body}`,
      `${token}.`,
      `${token}=`,
      ` ${token}`,
      jwt({ alg: method }, good, () => Buffer.alloc(bytes.length)),
      jwt({ alg: method }, good, () => Buffer.alloc(1)),
    ];
    for (const wrong of bad) assert.equal(outcome(tokens, wrong), 'unauthenticated', `${method}: ${wrong}`);
  }
});

test('the method is the configured one, whatever the token says', () => {
  for (const configured of methods) {
    const tokens = verifier(configured);
    const own = signatureBy(configured, pairOf(configured).privateKey);
    for (const alg of [
      'none',
      'None',
      '',
      configured.toLowerCase(),
      ...methods.filter((name) => name !== configured),
    ]) {
      // With a signature that is good by what is configured, and by what the token says.
      assert.equal(outcome(tokens, jwt({ alg }, good, own)), 'unauthenticated', `${configured}, ${alg}`);
    }
    for (const alg of methods.filter((name) => name !== configured)) {
      const token = jwt({ alg: configured }, good, signatureBy(alg, pairOf(alg).privateKey));
      assert.equal(outcome(tokens, token), 'unauthenticated', `${configured}, signed by ${alg}`);
    }
    assert.equal(
      outcome(
        tokens,
        jwt({ alg: 'none' }, good, () => Buffer.alloc(0)),
      ),
      'unauthenticated',
    );
    assert.equal(outcome(tokens, jwt({ alg: configured, crit: ['b64'], b64: true }, good, own)), 'unauthenticated');
  }
});

test('a public key is not a secret', () => {
  const pem = createSecretKey(rsaPair.publicKey.export({ type: 'spki', format: 'pem' }) as string, 'utf8');
  for (const alg of ['HS256', 'RS256']) {
    assert.equal(outcome(verifier('RS256'), jwt({ alg }, good, signatureBy('HS256', pem))), 'unauthenticated');
  }
});

test('of the same method, another key', () => {
  const token = jwt({ alg: 'RS256' }, good, signatureBy('RS256', otherRsaPair.privateKey));
  assert.equal(outcome(verifier('RS256'), token), 'unauthenticated');
});

test('what it claims: time, user, revision', () => {
  const tokens = verifier('ES256');
  const by = signatureBy('ES256', ecPairs.ES256.privateKey);
  const cases: readonly [claims: object, ofKeys: string, ofOthers: string][] = [
    [{ ...good, exp: now }, 'unauthenticated', 'unauthenticated'],
    [{ ...good, exp: now + 0.5 }, 'app', 'app'],
    [{ username: 'app', revision: 7 }, 'app', 'app'],
    [{ ...good, exp: `${now + 60}` }, 'unauthenticated', 'unauthenticated'],
    [{ ...good, exp: null }, 'unauthenticated', 'unauthenticated'],
    [{ ...good, nbf: now + 1 }, 'unauthenticated', 'unauthenticated'],
    [{ ...good, nbf: now, iat: now + 60, aud: 'x' }, 'app', 'app'],
    [{ ...good, revision: 6 }, 'auth_outdated', 'app'],
    [{ ...good, revision: 2 }, 'auth_outdated', 'auth_outdated'],
    [{ ...good, username: 'late', revision: 5 }, 'auth_outdated', 'auth_outdated'],
    [{ ...good, revision: 8 }, 'auth_outdated', 'auth_outdated'],
    [{ ...good, revision: '7' }, 'unauthenticated', 'unauthenticated'],
    [{ ...good, revision: undefined }, 'unauthenticated', 'unauthenticated'],
    [{ ...good, username: 'nobody' }, 'permission_denied', 'permission_denied'],
    [{ ...good, username: 'nobody', revision: 6 }, 'auth_outdated', 'permission_denied'],
    [{ ...good, username: ['app'] }, 'unauthenticated', 'unauthenticated'],
    [{ ...good, username: undefined }, 'unauthenticated', 'unauthenticated'],
    [[], 'unauthenticated', 'unauthenticated'],
  ];
  for (const [claims, ofKeys, ofOthers] of cases) {
    const token = jwt({ alg: 'ES256' }, claims, by);
    assert.equal(outcome(tokens, token, true), ofKeys, JSON.stringify(claims));
    assert.equal(outcome(tokens, token, false), ofOthers, JSON.stringify(claims));
  }
  for (const body of ['null', '"x"', '{', '']) {
    const content = ['{"alg":"ES256"}', body].map((part) => Buffer.from(part).toString('base64url')).join('.');
    const token = `${content}.${by(content).toString('base64url')}`;
    assert.equal(outcome(tokens, token), 'unauthenticated', body);
  }
});

test('one that was good before is looked at again: its time, and the revision of users', () => {
  const tokens = verifier('EdDSA', edPair.privateKey);
  const token = tokens.issue(state, state.users[0]!, NOW_MS)!;
  assert.equal(outcome(tokens, token), 'app');
  assert.equal(outcome(tokens, token, true, NOW_MS + 599_000), 'app');
  assert.equal(outcome(tokens, token, true, NOW_MS + 600_000), 'unauthenticated');
  const changed = { ...state, revision: 8, users: [user('app', 8)] };
  for (const concernsKeys of [true, false]) {
    assert.throws(() => tokens.userOf(changed, token, NOW_MS, concernsKeys), { code: 'auth_outdated' });
  }
});

test('what a member gives has the claims that etcd gives, and one without a private key gives none', () => {
  for (const method of methods) {
    const { privateKey } = pairOf(method);
    const token = verifier(method, privateKey).issue(state, state.users[0]!, NOW_MS)!;
    const [header, body] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    assert.equal(header, `{"alg":"${method}","typ":"JWT"}`);
    assert.deepEqual(JSON.parse(body!), { username: 'app', revision: 7, exp: now + 600 });
    assert.equal(outcome(verifier(method), token), 'app', method);
  }
  assert.equal(verifier('RS256').issue(state, state.users[0]!, NOW_MS), null);
});
