/** How JWTs can be signed (RFC 7518 section 3, RFC 8037), and which keys that takes. All of the cryptography is Node's. */
import { constants, createHmac, type KeyObject, type SigningOptions, sign, timingSafeEqual, verify } from 'node:crypto';

export type JwtMethod = {
  /** The key that it takes, in the words of a user. */
  readonly keyName: string;
  fits(key: KeyObject): boolean;
  sign(content: string, key: KeyObject): Buffer;
  verify(content: string, signature: Buffer, key: KeyObject): boolean;
};

type HashBits = 256 | 384 | 512;
/** RFC 7518 sections 3.3 and 3.5. */
const MIN_RSA_BITS = 2048;

export const jwtMethods = {
  RS256: rsa(256, { padding: constants.RSA_PKCS1_PADDING }),
  RS384: rsa(384, { padding: constants.RSA_PKCS1_PADDING }),
  RS512: rsa(512, { padding: constants.RSA_PKCS1_PADDING }),
  PS256: rsa(256, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }),
  PS384: rsa(384, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }),
  PS512: rsa(512, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }),
  ES256: ecdsa(256, 'prime256v1', 'P-256'),
  ES384: ecdsa(384, 'secp384r1', 'P-384'),
  ES512: ecdsa(512, 'secp521r1', 'P-521'),
  EdDSA: asymmetric(null, {}, 'an Ed25519 key', (key) => key.asymmetricKeyType === 'ed25519'),
  HS256: hmac(256),
  HS384: hmac(384),
  HS512: hmac(512),
} as const satisfies Readonly<Record<string, JwtMethod>>;

export type JwtMethodName = keyof typeof jwtMethods;

function rsa(bits: HashBits, options: SigningOptions): JwtMethod {
  return asymmetric(
    `sha${bits}`,
    options,
    `an RSA key of at least ${MIN_RSA_BITS} bits`,
    ({ asymmetricKeyType, asymmetricKeyDetails }) =>
      asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS,
  );
}

function ecdsa(bits: HashBits, curve: string, name: string): JwtMethod {
  return asymmetric(
    `sha${bits}`,
    { dsaEncoding: 'ieee-p1363' },
    `an EC key on the curve ${name}`,
    ({ asymmetricKeyType, asymmetricKeyDetails }) =>
      asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === curve,
  );
}

function asymmetric(
  hash: string | null,
  options: SigningOptions,
  keyName: string,
  fits: (key: KeyObject) => boolean,
): JwtMethod {
  return {
    keyName,
    fits,
    sign: (content, key) => sign(hash, Buffer.from(content), { key, ...options }),
    verify: (content, signature, key) => verify(hash, Buffer.from(content), { key, ...options }, signature),
  };
}

function hmac(bits: HashBits): JwtMethod {
  const digest = (content: string, key: KeyObject): Buffer => createHmac(`sha${bits}`, key).update(content).digest();
  return {
    // RFC 7518 section 3.2: a shorter one can be guessed from any token.
    keyName: `a secret of at least ${bits / 8} bytes`,
    fits: ({ symmetricKeySize = 0 }) => symmetricKeySize * 8 >= bits,
    sign: digest,
    verify: (content, signature, key) => {
      const expected = digest(content, key);
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    },
  };
}
