import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { authTokens } from './auth-tokens.ts';
import { authToken } from './config/auth-token.ts';
import { ConfigError } from './config/parse-config.ts';
import { SimpleTokens } from './server/auth-token.ts';
import { ecPairs, edPair, otherRsaPair, rsaPair } from './server/testing/foreign-jwt.ts';
import { type AuthState, NO_AUTH } from './store/auth/state.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-keys-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}
const pkcs8 = (name: string, key: KeyObject): string =>
  file(name, key.export({ type: 'pkcs8', format: 'pem' }) as string);
const spki = (name: string, key: KeyObject): string =>
  file(name, key.export({ type: 'spki', format: 'pem' }) as string);

const rsa = { priv: pkcs8('rsa.key', rsaPair.privateKey), pub: spki('rsa.pub', rsaPair.publicKey) };
const other = spki('other.pub', otherRsaPair.publicKey);
const ec = { priv: pkcs8('ec.key', ecPairs.ES256.privateKey), pub: spki('ec.pub', ecPairs.ES256.publicKey) };
const ed = { priv: pkcs8('ed.key', edPair.privateKey), pub: spki('ed.pub', edPair.publicKey) };
const secret = file('secret', Buffer.alloc(32, 'x'));

const tokensOf = (text: string): ReturnType<typeof authTokens> => authTokens(authToken.parse(text));
const user = { name: 'u', passwordHash: null, roles: [], changedAt: 2 };
const state: AuthState = { ...NO_AUTH, revision: 2, users: [user] };

test('keys in the files that others make', () => {
  assert.ok(tokensOf('simple') instanceof SimpleTokens);
  const pkcs1 = file('rsa1.key', rsaPair.privateKey.export({ type: 'pkcs1', format: 'pem' }));
  const pkcs1Pub = file('rsa1.pub', rsaPair.publicKey.export({ type: 'pkcs1', format: 'pem' }));
  const sec1 = file('ec1.key', ecPairs.ES256.privateKey.export({ type: 'sec1', format: 'pem' }));
  const given: readonly [issuer: string, verifier: string][] = [
    [`RS256,priv-key=${rsa.priv}`, `RS256,pub-key=${rsa.pub}`],
    [`PS384,priv-key=${pkcs1},pub-key=${rsa.pub}`, `PS384,pub-key=${pkcs1Pub}`],
    [`ES256,priv-key=${sec1}`, `ES256,pub-key=${ec.pub}`],
    [`EdDSA,priv-key=${ed.priv},pub-key=${ed.pub}`, `EdDSA,pub-key=${ed.pub}`],
    [`HS256,priv-key=${secret}`, `HS256,priv-key=${secret}`],
  ];
  for (const [issuer, verifier] of given) {
    const token = tokensOf(`jwt,ttl=1m,sign-method=${issuer}`).issue(state, user, 0);
    assert.equal(tokensOf(`jwt,sign-method=${verifier}`).userOf(state, token!, 59_999, true), user);
    assert.throws(() => tokensOf(`jwt,sign-method=${verifier}`).userOf(state, token!, 60_000, true));
  }
  assert.equal(tokensOf(`jwt,sign-method=RS256,pub-key=${rsa.pub}`).issue(state, user, 0), null);
});

test('a file that will not do is told in one line', () => {
  const small = pkcs8('small.key', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
  const pss = pkcs8('pss.key', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey);
  const empty = file('empty', '');
  const text = file('text', 'hello\n');
  const sealed = rsaPair.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'p' });
  const cases: readonly [options: string, message: string][] = [
    [`RS256,priv-key=${folder}/no`, `cannot read priv-key ${folder}/no (ENOENT`],
    [`RS256,pub-key=${folder}`, `cannot read pub-key ${folder} (EISDIR`],
    [
      `RS256,priv-key=${text}`,
      `RS256 needs priv-key to be an RSA key of at least 2048 bits, in PEM, which ${text} is not`,
    ],
    [
      `RS256,pub-key=${empty}`,
      `RS256 needs pub-key to be an RSA key of at least 2048 bits, in PEM, which ${empty} is not (it holds no public key`,
    ],
    [`RS256,pub-key=${rsa.priv}`, `which ${rsa.priv} is not (it holds a private key)`],
    [`RS256,priv-key=${rsa.pub}`, `which ${rsa.pub} is not (it holds no private key in PEM)`],
    [`RS256,priv-key=${file('sealed', sealed)}`, `which ${folder}/sealed is not (it is encrypted: give a key`],
    [`RS256,priv-key=${small}`, `which ${small} is not`],
    [`PS256,priv-key=${pss}`, `which ${pss} is not`],
    [`RS512,priv-key=${ec.priv}`, `RS512 needs priv-key to be an RSA key`],
    [
      `ES256,pub-key=${rsa.pub}`,
      `ES256 needs pub-key to be an EC key on the curve P-256, in PEM, which ${rsa.pub} is not`,
    ],
    [`ES384,priv-key=${ec.priv}`, 'ES384 needs priv-key to be an EC key on the curve P-384'],
    [`EdDSA,priv-key=${ec.priv}`, 'EdDSA needs priv-key to be an Ed25519 key'],
    [`RS256,priv-key=${rsa.priv},pub-key=${other}`, `${other} is not the public key of ${rsa.priv}`],
    [`HS256,priv-key=${empty}`, `HS256 needs priv-key to be a secret of at least 32 bytes, which ${empty} is not`],
    [`HS384,priv-key=${secret}`, 'HS384 needs priv-key to be a secret of at least 48 bytes'],
    [`HS256,priv-key=${rsa.pub}`, 'a PEM file is no secret'],
  ];
  for (const [options, message] of cases) {
    assert.throws(
      () => tokensOf(`jwt,sign-method=${options}`),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.ok(error.message.startsWith('--auth-token: ') && error.message.includes(message), error.message);
        assert.ok(!error.message.includes('\n'));
        return true;
      },
      options,
    );
  }
});
