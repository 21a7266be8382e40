import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authToken } from './auth-token.ts';

const refusal = (text: string): string => authToken.safeParse(text).error?.issues[0]?.message ?? assert.fail(text);

test("etcd's syntax", () => {
  assert.deepEqual(authToken.parse(' simple '), { kind: 'Simple' });
  assert.deepEqual(authToken.parse('jwt,pub-key=/a=b.pub, priv-key=/a.key,sign-method=RS512,ttl=10m'), {
    kind: 'Jwt',
    signMethod: 'RS512',
    publicKeyFile: '/a=b.pub',
    privateKeyFile: '/a.key',
    ttlMs: 600_000,
  });
  assert.deepEqual(authToken.parse('jwt,sign-method=EdDSA,pub-key=p'), {
    kind: 'Jwt',
    signMethod: 'EdDSA',
    publicKeyFile: 'p',
    privateKeyFile: null,
    ttlMs: 300_000,
  });
});

test('what is wrong is told with what is allowed', () => {
  const cases: readonly [text: string, message: RegExp][] = [
    ['', /^must be simple, or jwt with options such as jwt,sign-method=RS256/],
    ['JWT,sign-method=RS256,pub-key=p', /^must be simple, or jwt/],
    ['simple,ttl=10m', /^must be simple alone/],
    ['jwt', /^must give a sign-method of RS256, .*, ES512, EdDSA, HS256, HS384, HS512$/],
    ['jwt,sign-method=none,priv-key=k', /^must give a sign-method of RS256/],
    ['jwt,sign-method=RS256', /^must give priv-key to sign and to verify tokens, or pub-key/],
    ['jwt,sign-method=RS256,key=k', /^must have no option but sign-method, pub-key, priv-key, ttl/],
    ['jwt,sign-method=RS256,pub-key', /^must give pub-key a value$/],
    ['jwt,sign-method=RS256,pub-key=a,pub-key=b', /^must give pub-key once$/],
    ['jwt,sign-method=RS256,pub-key=a,ttl=10', /^must give a ttl that is a duration such as .* from 1s to 365d$/],
    ['jwt,sign-method=RS256,pub-key=a,ttl=-5m', /^must give a ttl/],
    ['jwt,sign-method=HS256,pub-key=a', /^must give no pub-key with HS256/],
    ['jwt,sign-method=HS256,priv-key=b,pub-key=a', /^must give no pub-key with HS256/],
    ['jwt,sign-method=HS256', /^must give priv-key, the file with the secret of HS256$/],
  ];
  for (const [text, message] of cases) assert.match(refusal(text), message, text);
});
