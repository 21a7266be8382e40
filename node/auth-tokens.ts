/** The tokens that the settings name, with their keys read. */
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AuthTokenSetting } from './config/auth-token.ts';
import { ConfigError } from './config/parse-config.ts';
import { SimpleTokens, type Tokens } from './server/auth-token.ts';
import { type JwtMethodName, jwtMethods } from './server/jwt-method.ts';
import { JwtTokens } from './server/jwt-tokens.ts';
import { privateKeyIn } from './transport/pem-files.ts';

type JwtSetting = Extract<AuthTokenSetting, { kind: 'Jwt' }>;

/** @throws ConfigError when a key cannot be read, or is none for the method */
export function authTokens(setting: AuthTokenSetting): Tokens {
  if (setting.kind === 'Simple') return new SimpleTokens();
  const { signMethod: method, ttlMs } = setting;
  if (method.startsWith('HS')) {
    const secret = secretOf(setting);
    return new JwtTokens({ method, signingKey: secret, verifyingKey: secret, ttlMs });
  }
  const privateKey = keyIn('priv-key', setting.privateKeyFile, method, privateKeyIn);
  const publicKey = keyIn('pub-key', setting.publicKeyFile, method, readPublicKey);
  const derived = privateKey === null ? null : createPublicKey(privateKey);
  if (derived !== null && publicKey !== null && !derived.equals(publicKey)) {
    throw refusal(`${setting.publicKeyFile} is not the public key of ${setting.privateKeyFile}`);
  }
  return new JwtTokens({ method, signingKey: privateKey, verifyingKey: (derived ?? publicKey)!, ttlMs });
}

function secretOf({ privateKeyFile, signMethod }: JwtSetting): KeyObject {
  return keyIn('priv-key', privateKeyFile, signMethod, (content) => {
    // A key that others may know, or that belongs elsewhere, must not become a secret by a slip.
    if (content.includes('-----BEGIN ')) throw new Error('a PEM file is no secret');
    return createSecretKey(content);
  })!;
}

/** Takes a certificate, too, and gives the key in it. */
function readPublicKey(content: Buffer): KeyObject {
  // Node would derive the public key from it; a member that shall only verify must not have it.
  if (content.includes('PRIVATE KEY-----')) throw new Error('it holds a private key');
  try {
    return createPublicKey(content);
  } catch {
    throw new Error('it holds no public key and no certificate');
  }
}

function keyIn(
  option: 'pub-key' | 'priv-key',
  file: string | null,
  method: JwtMethodName,
  read: (content: Buffer) => KeyObject,
): KeyObject | null {
  if (file === null) return null;
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw refusal(`cannot read ${option} ${file} (${messageOf(error)})`);
  }
  const { fits, keyName } = jwtMethods[method];
  const wanted = `${method} needs ${option} to be ${keyName}${method.startsWith('HS') ? '' : ', in PEM'}`;
  let key: KeyObject;
  try {
    key = read(content);
  } catch (error) {
    throw refusal(`${wanted}, which ${file} is not (${messageOf(error)})`);
  }
  if (!fits(key)) throw refusal(`${wanted}, which ${file} is not`);
  return key;
}

function refusal(message: string): ConfigError {
  return new ConfigError([`--auth-token: ${message}`]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
