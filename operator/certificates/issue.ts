/** Authorities and the certificates that they issue, as PEM (RFC 5280; ECDSA on P-256). Nothing is kept here. */
import 'reflect-metadata'; // @peculiar/x509 needs it to be there first
import { randomBytes, type webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

export type KeyPair = { readonly certificatePem: string; readonly keyPem: string };

export type Validity = { readonly nowMs: number; readonly lifetimeMs: number };

/** Clocks of nodes differ: a certificate that begins now is not yet valid on a node that is behind. */
const BACKDATED_MS = 60 * 60_000;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export async function issueAuthority(commonName: string, validity: Validity): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // Two generations with one name and different keys are told apart by the key identifiers only; a name of its own
    // spares verifiers the search.
    name: [{ CN: [commonName] }, { OU: [serialNumber()] }],
    keys,
    signingAlgorithm: algorithm,
    ...period(validity),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: pemOf(certificate), keyPem: await exportKey(keys.privateKey) };
}

/**
 * One certificate for both ends of a connection: members dial each other, and the operator dials members with it.
 * `dnsNames` may hold wildcards; the common name is the first.
 */
export async function issueCertificate(
  authority: KeyPair,
  dnsNames: readonly string[],
  validity: Validity,
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificatePem);
  const [signingKey, keys] = await Promise.all([importKey(authority.keyPem), generateKeys()]);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // A common name longer than 64 characters is invalid, and names of Kubernetes are: verifiers look at the
    // alternative names alone (RFC 6125).
    subject: 'CN=quorate',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    ...period(validity),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificatePem: pemOf(certificate), keyPem: await exportKey(keys.privateKey) };
}

/** Ends the text with a line break: bundles are made by appending, and two armours on one line are not read. */
function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem').trimEnd()}\n`;
}

/** Positive, 127 random bits: unpredictable and below the 20 octets of RFC 5280, section 4.1.2.2. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('hex');
}

function period({ nowMs, lifetimeMs }: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - BACKDATED_MS), notAfter: new Date(nowMs + lifetimeMs) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), PemConverter.PrivateKeyTag);
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), algorithm, true, ['sign']);
}
