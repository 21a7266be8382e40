/** JWTs as others make them, by means of their own: what the member verifies does not come from its own code. */
import { createHmac, createSign, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type Pair = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

export const rsaPair: Pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const otherRsaPair: Pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const edPair: Pair = generateKeyPairSync('ed25519');
export const ecPairs: Readonly<Record<'ES256' | 'ES384' | 'ES512', Pair>> = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
};

export function jwt(header: object, claims: object, signature: (content: string) => Buffer): string {
  const content = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${content}.${signature(content).toString('base64url')}`;
}

/** As RFC 7518 has them, from the name of the method. */
export function signatureBy(alg: string, key: KeyObject): (content: string) => Buffer {
  const hash = `SHA${alg.slice(2)}`;
  switch (alg.slice(0, 2)) {
    case 'RS':
      return (content) => createSign(`RSA-${hash}`).update(content).sign(key);
    case 'PS': {
      // The padding RSA_PKCS1_PSS_PADDING, and a salt as long as the hash.
      const options = { key, padding: 6, saltLength: Number(alg.slice(2)) / 8 };
      return (content) => createSign(`RSA-${hash}`).update(content).sign(options);
    }
    case 'ES':
      return (content) => rAndS(createSign(hash).update(content).sign(key), Math.ceil(curveBits[alg]! / 8));
    case 'HS':
      return (content) => createHmac(hash, key.export()).update(content).digest();
    default:
      return (content) => sign(undefined, Buffer.from(content), key);
  }
}

const curveBits: Readonly<Record<string, number>> = { ES256: 256, ES384: 384, ES512: 521 };

/** From DER, a sequence of two integers, to both of them one after the other. */
function rAndS(der: Buffer, size: number): Buffer {
  let at = der[1]! > 0x80 ? 3 : 2;
  const integers = [0, 1].map(() => {
    const length = der[at + 1]!;
    const digits = der.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    const significant = digits.length > size ? digits.subarray(digits.length - size) : digits;
    return Buffer.concat([Buffer.alloc(size - significant.length), significant]);
  });
  return Buffer.concat(integers);
}
