/**
 * Renews a certificate authority and the certificate that it signs, which are stored in two Secrets, so that no two
 * members ever distrust each other. All members first trust a new authority; it signs only after every member has had
 * time to read it. The old authority stays trusted until it expires.
 *
 * The functions compute the desired data of both Secrets from their current data alone. If the operator dies between
 * the two writes, its next pass therefore completes them.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { issueAuthority, issueCertificate } from './issue.ts';

/** Keys of the Secret NAME-peer-ca (or -client-ca). */
export type AuthoritySecret = {
  /** The authority that signs now. */
  readonly 'ca.crt': string;
  readonly 'ca.key': string;
  /** The next authority: it is already trusted but does not sign yet. Absent while no renewal is under way. */
  readonly 'next.crt'?: string;
  readonly 'next.key'?: string;
  /** Since when the certificate's Secret has made the members trust the next authority, in RFC 3339. */
  readonly 'next.trusted-since'?: string;
  /** Earlier authorities, concatenated as PEM; they are trusted until they expire. */
  readonly 'former.crt'?: string;
};

/** Keys of the Secret NAME-peer-tls (or -client-tls), which the pods mount. */
export type CertificateSecret = {
  readonly 'tls.crt': string;
  readonly 'tls.key': string;
  /** All trusted authorities as PEM, the signing one first. */
  readonly 'ca.crt': string;
};

const DAY_MS = 24 * 60 * 60_000;
const AUTHORITY_MS = 5 * 365 * DAY_MS;
/** How long before an authority expires its successor is issued. */
const AUTHORITY_RENEW_BEFORE_MS = 365 * DAY_MS;
/**
 * How long a new authority is trusted before it signs. The kubelet takes minutes to update a Secret in running pods.
 */
const TRUST_FIRST_MS = 60 * 60_000;
const CERTIFICATE_MS = 90 * DAY_MS;
const CERTIFICATE_RENEW_BEFORE_MS = 30 * DAY_MS;

export type CertificateRequest = {
  readonly commonName: string;
  readonly dnsNames: readonly string[];
  readonly nowMs: number;
};

/** The current data of the two Secrets; null for a Secret that is missing or incomplete. */
export type CurrentCertificates = {
  readonly authority: AuthoritySecret | null;
  readonly certificate: CertificateSecret | null;
};

export type DueCertificates = {
  /**
   * Whether to write the authority's Secret. Write it before the certificate's, so that no certificate lacks its
   * issuer.
   */
  readonly isAuthorityChanged: boolean;
  readonly isCertificateChanged: boolean;
};

export type Certificates = DueCertificates & {
  readonly authority: AuthoritySecret;
  readonly certificate: CertificateSecret;
  readonly notAfterMs: number;
};

/** What `freshCertificates` would change. Cheap enough for every pass, since it generates no keys. */
export function dueCertificates(
  { dnsNames, nowMs }: CertificateRequest,
  { authority, certificate }: CurrentCertificates,
): DueCertificates {
  const step = authorityStep(nowMs, authority, certificate?.['ca.crt'] ?? '');
  // A new authority also changes the certificate's Secret, which lists all trusted authorities.
  if (step.kind !== 'Keep') return { isAuthorityChanged: true, isCertificateChanged: true };
  const trusted = trustedOf(step.authority);
  return {
    isAuthorityChanged: !isSame(step.authority, authority),
    isCertificateChanged:
      certificate === null || certificate['ca.crt'] !== trusted || !isCurrent(certificate, trusted, dnsNames, nowMs),
  };
}

/** When the certificate expires, in milliseconds since 1970. Throws Error for text that is no certificate. */
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

/**
 * What happens to the authority: it is kept, a first one is issued (also to replace one that is lost), or a successor
 * is issued beside it.
 */
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
    // All trusted authorities stay trusted: members still use certificates from them and would reject each other.
    return { kind: 'First', former: formerOf(trustedByMembers, nowMs) };
  }
  const kept = { 'ca.crt': current['ca.crt'], 'ca.key': current['ca.key'], ...formerOf(current['former.crt'], nowMs) };
  const { 'next.crt': nextCertificate, 'next.key': nextKey } = current;
  if (nextCertificate !== undefined && nextKey !== undefined && isUsable(nextCertificate, nextKey, nowMs)) {
    const next = { 'next.crt': nextCertificate, 'next.key': nextKey };
    if (!trustedByMembers.includes(nextCertificate)) return keep({ ...kept, ...next });
    // The wait starts when the operator first sees the new authority in the members' Secret, not when it was issued:
    // the operator may have been down in between for longer than the wait, while no member trusted the new authority.
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
    // A certificate must not outlive its authority: clients would reject it as soon as the authority expires.
    { nowMs, lifetimeMs: Math.min(CERTIFICATE_MS, notAfterMs(authority['ca.crt']) - nowMs) },
  );
  return { 'tls.crt': issued.certificatePem, 'tls.key': issued.keyPem, 'ca.crt': trusted };
}

/** All authorities that members should trust, the signing one first. */
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
  // Any trusted issuer will do. A new authority, or one whose key was lost, therefore replaces no certificate early:
  // the regular renewal takes the new issuer, after members have had time to trust it.
  const issuer = splitBundle(trustedPem)
    .map((trusted) => new X509Certificate(trusted))
    .find((trusted) => certificate.checkIssued(trusted) && certificate.verify(trusted.publicKey));
  if (issuer === undefined) return false;
  const remainingMs = certificate.validToDate.getTime() - nowMs;
  if (remainingMs <= CERTIFICATE_RENEW_BEFORE_MS) return false;
  const names = (certificate.subjectAltName ?? '').split(', ');
  return dnsNames.every((name) => names.includes(`DNS:${name}`));
}

/** Whether certificate and key match and have not expired. False also for malformed PEM, so that it is issued again. */
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
