/**
 * Keeps the two Secrets of an authority and of the certificate from it fresh, without any moment in which two members
 * distrust each other. A new authority is trusted first, by all, and signs only after every member has had time to
 * read it; the old one stays trusted until it has expired.
 *
 * Given the data of the Secrets as they are, says what they shall be: level-triggered, so that a pass that broke off
 * between the two writes is made good by the next.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { issueAuthority, issueCertificate } from './issue.ts';

/** Keys of the Secret NAME-peer-ca (or -client-ca). */
export type AuthoritySecret = {
  /** The authority that signs. */
  readonly 'ca.crt': string;
  readonly 'ca.key': string;
  /** The authority that will sign next and is only trusted until then. Absent when none is due. */
  readonly 'next.crt'?: string;
  readonly 'next.key'?: string;
  /** RFC 3339: since when the other Secret has told the members to trust the next one. */
  readonly 'next.trusted-since'?: string;
  /** Earlier ones, trusted until they expire; PEM, any number. */
  readonly 'former.crt'?: string;
};

/** Keys of the Secret NAME-peer-tls (or -client-tls), which the pods mount. */
export type CertificateSecret = {
  readonly 'tls.crt': string;
  readonly 'tls.key': string;
  /** Everything that is trusted, the signing authority first. */
  readonly 'ca.crt': string;
};

const DAY_MS = 24 * 60 * 60_000;
const AUTHORITY_MS = 5 * 365 * DAY_MS;
/** How long before its end an authority is followed by the next. */
const AUTHORITY_RENEW_BEFORE_MS = 365 * DAY_MS;
/** How long a new authority is trusted before it signs: pods see a changed Secret after minutes. */
const TRUST_FIRST_MS = 60 * 60_000;
const CERTIFICATE_MS = 90 * DAY_MS;
const CERTIFICATE_RENEW_BEFORE_MS = 30 * DAY_MS;

export type CertificateRequest = {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly nowMs: number;
};

/** The contents of the two Secrets as they are; null for one that is missing or cannot be read. */
export type CurrentCertificates = {
  readonly authority: AuthoritySecret | null;
  readonly certificate: CertificateSecret | null;
};

export type DueCertificates = {
  /** False: the Secret is as it shall be. The authority is written before the certificate. */
  readonly isAuthorityChanged: boolean;
  readonly isCertificateChanged: boolean;
};

export type Certificates = DueCertificates & {
  readonly authority: AuthoritySecret;
  readonly certificate: CertificateSecret;
  readonly notAfterMs: number;
};

/** What `freshCertificates` would change. Nothing is issued for it: it is asked far more often. */
export function dueCertificates(
  { dnsNames, nowMs }: CertificateRequest,
  { authority, certificate }: CurrentCertificates,
): DueCertificates {
  const step = authorityStep(nowMs, authority, certificate?.['ca.crt'] ?? '');
  // Whatever is issued is trusted from then on, and that is said in the certificate's Secret.
  if (step.kind !== 'Keep') return { isAuthorityChanged: true, isCertificateChanged: true };
  const trusted = trustedOf(step.authority);
  return {
    isAuthorityChanged: !isSame(step.authority, authority),
    isCertificateChanged:
      certificate === null || certificate['ca.crt'] !== trusted || !isCurrent(certificate, trusted, dnsNames, nowMs),
  };
}

/** When the certificate ends. */
export function notAfterMs(certificatePem: string): number {
  return new X509Certificate(certificatePem).validToDate.getTime();
}

export async function freshCertificates(
  request: CertificateRequest,
  current: CurrentCertificates,
): Promise<Certificates> {
  const { commonName, nowMs } = request;
  const step = authorityStep(nowMs, current.authority, current.certificate?.['ca.crt'] ?? '');
  const authority = step.kind === 'Keep' ? step.authority : await issued(step, commonName, nowMs);
  const certificate = await freshCertificate(request, authority, current.certificate);
  return {
    authority,
    certificate,
    isAuthorityChanged: !isSame(authority, current.authority),
    isCertificateChanged: !isSame(certificate, current.certificate),
    notAfterMs: notAfterMs(certificate['tls.crt']),
  };
}

/** What becomes of the authority; of one to be issued, all but what is issued. */
type AuthorityStep =
  | { readonly kind: 'Keep'; readonly authority: AuthoritySecret }
  | { readonly kind: 'First'; readonly former: Pick<AuthoritySecret, 'former.crt'> }
  | { readonly kind: 'Next'; readonly kept: AuthoritySecret };

async function issued(
  step: Exclude<AuthorityStep, { kind: 'Keep' }>,
  commonName: string,
  nowMs: number,
): Promise<AuthoritySecret> {
  const { certificatePem, keyPem } = await issueAuthority(commonName, { nowMs, lifetimeMs: AUTHORITY_MS });
  return step.kind === 'First'
    ? { 'ca.crt': certificatePem, 'ca.key': keyPem, ...step.former }
    : { ...step.kept, 'next.crt': certificatePem, 'next.key': keyPem };
}

function authorityStep(nowMs: number, current: AuthoritySecret | null, trustedByMembers: string): AuthorityStep {
  const keep = (authority: AuthoritySecret): AuthorityStep => ({ kind: 'Keep', authority });
  if (current === null || !isUsable(current['ca.crt'], current['ca.key'], nowMs)) {
    // What was trusted stays so: certificates from it are still in use, and members that refuse each other are worse.
    return { kind: 'First', former: formerOf(trustedByMembers, nowMs) };
  }
  const kept = { 'ca.crt': current['ca.crt'], 'ca.key': current['ca.key'], ...formerOf(current['former.crt'], nowMs) };
  const { 'next.crt': nextCertificate, 'next.key': nextKey } = current;
  if (nextCertificate !== undefined && nextKey !== undefined && isUsable(nextCertificate, nextKey, nowMs)) {
    const next = { 'next.crt': nextCertificate, 'next.key': nextKey };
    if (!trustedByMembers.includes(nextCertificate)) return keep({ ...kept, ...next });
    // Counted from when the members' Secret was seen to hold it, not from its issue: between the two the operator
    // may have been away for longer than the wait.
    const trustedSince = current['next.trusted-since'] ?? new Date(nowMs).toISOString();
    if (nowMs - Date.parse(trustedSince) < TRUST_FIRST_MS) {
      return keep({ ...kept, ...next, 'next.trusted-since': trustedSince });
    }
    const former = formerOf(current['ca.crt'] + (current['former.crt'] ?? ''), nowMs);
    return keep({ 'ca.crt': nextCertificate, 'ca.key': nextKey, ...former });
  }
  if (notAfterMs(current['ca.crt']) - nowMs > AUTHORITY_RENEW_BEFORE_MS) return keep(kept);
  return { kind: 'Next', kept };
}

function formerOf(bundlePem: string | undefined, nowMs: number): { 'former.crt'?: string } {
  const unexpired = splitBundle(bundlePem ?? '').filter((pem) => notAfterMs(pem) > nowMs);
  return unexpired.length === 0 ? {} : { 'former.crt': unexpired.join('') };
}

async function freshCertificate(
  { dnsNames, nowMs }: CertificateRequest,
  authority: AuthoritySecret,
  current: CertificateSecret | null,
): Promise<CertificateSecret> {
  const trusted = trustedOf(authority);
  if (current !== null && isCurrent(current, trusted, dnsNames, nowMs)) {
    return { 'tls.crt': current['tls.crt'], 'tls.key': current['tls.key'], 'ca.crt': trusted };
  }
  const issued = await issueCertificate(
    { certificatePem: authority['ca.crt'], keyPem: authority['ca.key'] },
    dnsNames,
    // Never beyond its authority: clients would see a chain that ends before its certificate does.
    { nowMs, lifetimeMs: Math.min(CERTIFICATE_MS, notAfterMs(authority['ca.crt']) - nowMs) },
  );
  return { 'tls.crt': issued.certificatePem, 'tls.key': issued.keyPem, 'ca.crt': trusted };
}

/** All certificates that members shall trust, that of the signing authority first. */
function trustedOf(authority: AuthoritySecret): string {
  return authority['ca.crt'] + (authority['next.crt'] ?? '') + (authority['former.crt'] ?? '');
}

function isCurrent(
  { 'tls.crt': pem, 'tls.key': key }: CertificateSecret,
  trustedPem: string,
  dnsNames: readonly string[],
  nowMs: number,
): boolean {
  if (!isUsable(pem, key, nowMs)) return false;
  const certificate = new X509Certificate(pem);
  // From whichever that is trusted: the next renewal takes the newest, so a new authority forces no haste, nor does
  // the loss of the old one's key.
  const issuer = splitBundle(trustedPem)
    .map((trusted) => new X509Certificate(trusted))
    .find((trusted) => certificate.checkIssued(trusted) && certificate.verify(trusted.publicKey));
  if (issuer === undefined) return false;
  const remainingMs = certificate.validToDate.getTime() - nowMs;
  if (remainingMs <= CERTIFICATE_RENEW_BEFORE_MS) return false;
  const names = (certificate.subjectAltName ?? '').split(', ');
  return dnsNames.every((name) => names.includes(`DNS:${name}`));
}

/** Also false for what does not parse: a Secret that someone has emptied or mixed up is made anew. */
function isUsable(certificatePem: string, keyPem: string, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(certificatePem);
    return certificate.validToDate.getTime() > nowMs && certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

function splitBundle(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
}

function isSame<T extends object>(wanted: T, current: T | null): boolean {
  return current !== null && isDeepStrictEqual({ ...wanted }, { ...current });
}
