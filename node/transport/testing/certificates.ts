/** For tests: an authority of one's own, and files with certificates from it. */
import 'reflect-metadata'; // @peculiar/x509 needs it to be there first
import type { webcrypto } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { TlsFiles } from '../tls.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export type Authority = {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly pem: string;
};

export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return { certificate, keys, pem: certificate.toString('pem') };
}

/** Puts a certificate for these DNS names and addresses into the files, by rename, as a careful renewal does. */
export async function issue(authority: Authority, files: TlsFiles, names: readonly string[]): Promise<void> {
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${names[0]}`,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new SubjectAlternativeNameExtension(
        names.map((value) => ({ type: /^[\d.]+$/.test(value) ? 'ip' : 'dns', value }) as const),
      ),
    ],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), PemConverter.PrivateKeyTag);
  replaceFile(files.keyPath, key);
  replaceFile(files.certPath, certificate.toString('pem'));
  if (files.caPath !== null) replaceFile(files.caPath, authority.pem);
}

/** Paths in a folder that goes when the test ends; `issue` fills them. */
export function makeTlsPaths(
  t: TestContext,
  allowedNames: readonly string[] | null = null,
): TlsFiles & { readonly caPath: string } {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return {
    certPath: join(folder, 'tls.crt'),
    keyPath: join(folder, 'tls.key'),
    caPath: join(folder, 'ca.crt'),
    allowedNames,
  };
}

export function replaceFile(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}
