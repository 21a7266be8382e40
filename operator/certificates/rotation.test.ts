import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect, createServer } from 'node:tls';
import {
  type AuthoritySecret,
  type CertificateSecret,
  type Certificates,
  dueCertificates,
  freshCertificates,
} from './rotation.ts';

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
const start = Date.now();
const dnsNames = ['*.db-peers.default.svc', '*.db-peers.default.svc.cluster.local', 'localhost'];

type Secrets = { authority: AuthoritySecret | null; certificate: CertificateSecret | null };

/** Asserts each time that `dueCertificates` announces exactly what `freshCertificates` then changes. */
async function at(nowMs: number, current: Secrets, names: readonly string[] = dnsNames): Promise<Certificates> {
  const request = { commonName: 'db peers', dnsNames: names, nowMs };
  const due = dueCertificates(request, current);
  const fresh = await freshCertificates(request, current);
  const { isAuthorityChanged, isCertificateChanged } = fresh;
  assert.deepEqual(due, { isAuthorityChanged, isCertificateChanged });
  return fresh;
}

const nothing: Secrets = { authority: null, certificate: null };

test('the first pass issues both, the second changes nothing', async () => {
  const first = await at(start, nothing);
  assert.ok(first.isAuthorityChanged && first.isCertificateChanged);
  const leaf = new X509Certificate(first.certificate['tls.crt']);
  assert.ok(leaf.checkHost('db-0.db-peers.default.svc') !== undefined);
  assert.ok(leaf.verify(new X509Certificate(first.authority['ca.crt']).publicKey));
  const second = await at(start + HOUR_MS, first);
  assert.equal(second.isAuthorityChanged, false);
  assert.equal(second.isCertificateChanged, false);
});

test('a certificate is renewed thirty days before its end, by the same authority', async () => {
  const first = await at(start, nothing);
  const before = await at(start + 59 * DAY_MS, first);
  assert.equal(before.isCertificateChanged, false);
  const after = await at(start + 61 * DAY_MS, first);
  assert.equal(after.isAuthorityChanged, false);
  assert.equal(after.isCertificateChanged, true);
  assert.equal(after.notAfterMs > first.notAfterMs, true);
});

test('a certificate is issued anew for more names', async () => {
  const first = await at(start, nothing);
  const more = await at(start, first, [...dnsNames, 'db.example.org']);
  assert.match(new X509Certificate(more.certificate['tls.crt']).subjectAltName ?? '', /DNS:db\.example\.org/);
});

test('a new authority is trusted for an hour before it signs, and the old one until its end', async () => {
  const first = await at(start, nothing);
  const due = start + (4 * 365 + 1) * DAY_MS;
  const introduced = await at(due, first);
  const next = introduced.authority['next.crt']!;
  assert.ok(next !== undefined);
  assert.ok(
    introduced.certificate['ca.crt'].includes(next) &&
      introduced.certificate['ca.crt'].includes(first.authority['ca.crt']),
  );
  assert.ok(isFrom(introduced.certificate, first.authority['ca.crt']));

  const seen = await at(due + 1, introduced);
  const waiting = await at(due + HOUR_MS - 1, seen);
  assert.ok(isFrom(waiting.certificate, first.authority['ca.crt']), 'it signs before all can have read it');

  const rolled = await at(due + HOUR_MS + 1, waiting);
  assert.equal(rolled.authority['ca.crt'], next);
  const renewed = await at(due + 61 * DAY_MS, rolled);
  assert.ok(isFrom(renewed.certificate, next));
  assert.ok(
    renewed.certificate['ca.crt'].includes(first.authority['ca.crt']),
    'members with old certificates are refused',
  );

  const muchLater = await at(start + 6 * 365 * DAY_MS, renewed);
  assert.ok(
    !muchLater.certificate['ca.crt'].includes(first.authority['ca.crt']),
    'an expired authority is still listed',
  );
});

test('an operator that was away between the two writes lets the members read the next authority first', async () => {
  const first = await at(start, nothing);
  const due = start + (4 * 365 + 1) * DAY_MS;
  const introduced = await at(due, first);
  // The operator was killed after it wrote the authority's Secret: the members' Secret is still the old one.
  const resumed = await at(due + 2 * HOUR_MS, { authority: introduced.authority, certificate: first.certificate });
  assert.equal(resumed.authority['ca.crt'], first.authority['ca.crt'], 'it signs though no member trusts it');
  assert.ok(resumed.certificate['ca.crt'].includes(introduced.authority['next.crt']!));
});

test('a lost or spoilt authority is replaced, and what the members trusted stays trusted', async () => {
  const first = await at(start, nothing);
  for (const authority of [null, { 'ca.crt': 'nonsense', 'ca.key': '' }]) {
    const mended = await at(start + DAY_MS, { authority, certificate: first.certificate });
    assert.notEqual(mended.authority['ca.crt'], first.authority['ca.crt']);
    assert.ok(mended.certificate['ca.crt'].includes(first.authority['ca.crt']));
    assert.equal(
      mended.certificate['tls.crt'],
      first.certificate['tls.crt'],
      'members that have not read it yet refuse',
    );
    const renewed = await at(start + 61 * DAY_MS, mended);
    assert.ok(isFrom(renewed.certificate, mended.authority['ca.crt']));
  }
});

test('members with certificates of both generations speak to each other', async (t) => {
  const first = await at(start - (4 * 365 + 1) * DAY_MS, nothing);
  const introduced = await at(start, first);
  const signing = await at(start + HOUR_MS + 2, await at(start + 1, introduced));
  const rolled = await at(start + HOUR_MS + 2, { authority: signing.authority, certificate: null });
  await speak(t, introduced.certificate, rolled.certificate);
  await speak(t, rolled.certificate, introduced.certificate);
});

function isFrom({ 'tls.crt': pem }: CertificateSecret, issuerPem: string): boolean {
  return new X509Certificate(pem).verify(new X509Certificate(issuerPem).publicKey);
}

async function speak(t: TestContext, server: CertificateSecret, client: CertificateSecret): Promise<void> {
  const options = (secret: CertificateSecret) => ({
    cert: secret['tls.crt'],
    key: secret['tls.key'],
    ca: secret['ca.crt'],
  });
  const listener = createServer({ ...options(server), requestCert: true, rejectUnauthorized: true }, (socket) =>
    socket.end('ok'),
  );
  t.after(() => listener.close());
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ ...options(client), port, host: '127.0.0.1', servername: 'localhost' });
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.equal(answer.toString(), 'ok');
  socket.destroy();
}
