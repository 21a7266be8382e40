/** The value of `--auth-token`, in etcd's words: the kind of token, then options of the kind. */
import { z } from 'zod';
import { durationMs, type TextType } from './values.ts';

const signMethods = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const),
  ...(['EdDSA', 'HS256', 'HS384', 'HS512'] as const),
] as const;

export type AuthTokenSetting =
  /** Signed by a key that is drawn when users are enabled: nothing to look after. */
  | { readonly kind: 'Simple' }
  | {
      readonly kind: 'Jwt';
      readonly signMethod: (typeof signMethods)[number];
      /** At least one of the two. Without the private one nothing can be signed. For HS* it is the secret. */
      readonly publicKeyFile: string | null;
      readonly privateKeyFile: string | null;
      readonly ttlMs: number;
    };

const example = 'simple, or jwt with options such as jwt,sign-method=RS256,pub-key=FILE,priv-key=FILE,ttl=10m';
const optionNames = ['sign-method', 'pub-key', 'priv-key', 'ttl'] as const;
type Options = { [Name in (typeof optionNames)[number]]?: string };

const DEFAULT_TTL = '5m';
const ttl = durationMs('1s', '365d');

export const authToken: TextType<AuthTokenSetting> = z.string().transform((text, context) => {
  const value = parse(text.trim());
  if (typeof value !== 'string') return value;
  context.addIssue({ code: 'custom', message: value });
  return z.NEVER;
});

/** A text: what is wrong. */
function parse(text: string): AuthTokenSetting | string {
  const [kind, ...parts] = text.split(',').map((part) => part.trim());
  if (kind === 'simple') return parts.length === 0 ? { kind: 'Simple' } : 'must be simple alone: it has no options';
  if (kind !== 'jwt') return `must be ${example}`;
  const options = readOptions(parts);
  return typeof options === 'string' ? options : jwt(options);
}

function readOptions(parts: readonly string[]): Options | string {
  const options: Options = {};
  for (const part of parts) {
    const [name = '', value = ''] = part.split(/=(.*)/s);
    const known = optionNames.find((one) => one === name);
    if (known === undefined) return `must have no option but ${optionNames.join(', ')}, each as NAME=VALUE`;
    if (value === '') return `must give ${name} a value`;
    if (options[known] !== undefined) return `must give ${name} once`;
    options[known] = value;
  }
  return options;
}

function jwt(options: Options): AuthTokenSetting | string {
  const signMethod = signMethods.find((method) => method === options['sign-method']);
  if (signMethod === undefined) return `must give a sign-method of ${signMethods.join(', ')}`;
  const ttlMs = ttl.safeParse(options.ttl ?? DEFAULT_TTL);
  if (!ttlMs.success) return `must give a ttl that is ${ttlMs.error.issues[0]!.message.replace('must be ', '')}`;
  const publicKeyFile = options['pub-key'] ?? null;
  const privateKeyFile = options['priv-key'] ?? null;
  if (signMethod.startsWith('HS')) {
    // Whoever gives both takes one for the other: a key that everyone may know must not become the secret.
    if (publicKeyFile !== null)
      return `must give no pub-key with ${signMethod}, whose only key is the secret in priv-key`;
    if (privateKeyFile === null) return `must give priv-key, the file with the secret of ${signMethod}`;
  } else if (publicKeyFile === null && privateKeyFile === null) {
    return 'must give priv-key to sign and to verify tokens, or pub-key to verify them';
  }
  return { kind: 'Jwt', signMethod, publicKeyFile, privateKeyFile, ttlMs: ttlMs.data };
}
