/** Issues certificate authorities and their certificates as PEM (RFC 5280; ECDSA on P-256), and stores none of them. */
import 'reflect-metadata'; // @peculiar/x509 throws unless this is imported first
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

/** Certificates begin an hour in the past, since a node whose clock is behind would reject one that begins now. */
const BACKDATED_MS = 60 * 60_000;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export async function issueAuthority(commonName: string, validity: Validity): Promise<KeyPair> {
  const keys = await generateKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // The random OU gives each generation of the authority a name of its own. With equal names, verifiers could tell
    // the generations apart only by their key identifiers.
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
 * Issues a certificate for servers and clients alike: members use the same one to accept and to open connections, and
 * the operator connects to members with it.
 *
 * @param dnsNames the subject alternative names; wildcards are allowed
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
    // Not a DNS name: a common name must not exceed 64 characters (RFC 5280), which names in Kubernetes often do.
    // Verifiers look only at the subject alternative names (RFC 6125).
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

/** Ends in a newline, because bundles are made by concatenation and PEM needs each BEGIN line on a line of its own. */
function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem').trimEnd()}\n`;
}

/** 127 random bits: a serial number must be positive and have at most 20 octets (RFC 5280, section 4.1.2.2). */
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
