/** The three files of a TLS side, read and checked one by one: an error names the file, and says why in plain words. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';

export type TlsPaths = {
  /** PEM: the certificate, then those between it and the authority. */
  readonly certPath: string;
  readonly keyPath: string;
  /** PEM: authorities that the other side's certificate must come from. Null: the system's, and no client certificates. */
  readonly caPath: string | null;
};

export type TlsFile = 'cert' | 'key' | 'ca';
export type Material = { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer };

/** A file that cannot be used as it is now. */
export class TlsFileError extends Error {
  readonly file: TlsFile;

  constructor(file: TlsFile, path: string, why: string) {
    super(`cannot use ${path}: ${why}`);
    this.name = 'TlsFileError';
    this.file = file;
  }
}

/**
 * Another one when a file has changed. Follows symbolic links: the kubelet renews a mounted secret by turning one.
 *
 * @throws TlsFileError
 */
export function signatureOf(paths: TlsPaths): string {
  return each(paths, (path) => {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  }).join('\n');
}

/** @throws TlsFileError */
export function readMaterial(paths: TlsPaths): { readonly material: Material; readonly context: SecureContext } {
  const [cert, key, ca] = each(paths, (path) => readFileSync(path)) as [Buffer, Buffer, Buffer | undefined];
  const { certPath, keyPath, caPath } = paths;
  const certificate = checked('cert', certPath, () => certificateIn(cert));
  checked('key', keyPath, () => {
    if (!certificate.checkPrivateKey(privateKeyIn(key))) throw new Error(`it is not the key of ${certPath}`);
  });
  const material = ca === undefined ? { cert, key } : { cert, key, ca };
  if (ca !== undefined) checked('ca', caPath!, () => assertAuthorities(ca));
  // What is left is a matter of the certificates: a key that is too short, a broken one further down the file.
  return {
    material,
    context: checked('cert', certPath, () => createSecureContext({ ...material, minVersion: 'TLSv1.2' })),
  };
}

/** @throws TlsFileError */
export function readAuthorities(path: string): Buffer {
  return checked('ca', path, () => {
    const ca = readFileSync(path);
    assertAuthorities(ca);
    return ca;
  });
}

/** OpenSSL takes a file of authorities without a certificate, and then trusts nobody. */
function assertAuthorities(ca: Buffer): void {
  certificateIn(ca);
  createSecureContext({ ca });
}

/** @throws Error that says why there is none, in a sentence about the file */
export function privateKeyIn(pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // OpenSSL says of such a key that it was interrupted, or that decryption failed.
    const isEncrypted = pem.includes('ENCRYPTED');
    throw new Error(
      isEncrypted ? 'it is encrypted: give a key without a passphrase' : 'it holds no private key in PEM',
    );
  }
}

function certificateIn(pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Error('it holds no certificate in PEM');
  }
}

function each<T>({ certPath, keyPath, caPath }: TlsPaths, read: (path: string) => T): T[] {
  const own = [checked('cert', certPath, () => read(certPath)), checked('key', keyPath, () => read(keyPath))];
  return caPath === null ? own : [...own, checked('ca', caPath, () => read(caPath))];
}

function checked<T>(file: TlsFile, path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new TlsFileError(file, path, (error as Error).message);
  }
}
