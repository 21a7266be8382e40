/**
 * TLS whose files may be renewed while it runs, as cert-manager and the kubelet do: they are looked at for each new
 * connection, as etcd does, so that nothing needs a restart or a signal.
 *
 * For peers and for the clients' port alike:
 *
 *     const tls = new ReloadingTls({ certPath, keyPath, caPath, allowedNames: null }, log);
 *     const server = https.createServer(tls.serverOptions('Request'), app);
 *     tls.keepFresh(server);
 */
import { X509Certificate } from 'node:crypto';
import type { Socket, TcpNetConnectOpts } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  createServer,
  type PeerCertificate,
  type SecureContext,
  type Server,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls';
import type { TransportLog } from './options.ts';
import { type Material, readMaterial, signatureOf, type TlsPaths } from './pem-files.ts';

export type TlsFiles = TlsPaths & {
  /**
   * When given, the other side's certificate must be for one of these names (DNS name, "*.example.org", address or
   * common name), whatever was dialled. Null: a server must be certified for the name dialled, a client for none.
   */
  readonly allowedNames: readonly string[] | null;
};

export type ClientCertificates =
  | 'None'
  /** Asked for; `socket.authorized` tells whether a valid one came. */
  | 'Request'
  /** Without a valid one there is no connection. */
  | 'Require';

export class ReloadingTls {
  readonly #files: TlsFiles;
  readonly #log: TransportLog;
  #signature: string;
  #material: Material;
  #context: SecureContext;
  /** Counts changes, so that each server takes each of them once. */
  #generation = 1;

  /** @throws TlsFileError */
  constructor(files: TlsFiles, log: TransportLog) {
    this.#files = files;
    this.#log = log;
    this.#signature = signatureOf(files);
    ({ material: this.#material, context: this.#context } = readMaterial(files));
  }

  /** When our own certificate, as it is used now, expires. */
  get notAfterMs(): number {
    return new X509Certificate(this.#material.cert).validToDate.getTime();
  }

  /** For tls.createServer and https.createServer; call `keepFresh` with the server. */
  serverOptions(clientCertificates: ClientCertificates): TlsOptions {
    this.#refresh();
    return {
      ...this.#material,
      minVersion: 'TLSv1.2',
      requestCert: clientCertificates !== 'None',
      rejectUnauthorized: clientCertificates === 'Require',
    };
  }

  /** From its next connection on, the server always uses the files as they are. */
  keepFresh(server: Server): void {
    let generation = this.#generation;
    // Prepended, to run before the server's own listener. An SNICallback would not do: callers that dial an IP address
    // send no server name.
    server.prependListener('connection', () => {
      this.#refresh();
      if (generation === this.#generation) return;
      generation = this.#generation;
      server.setSecureContext({ ...this.#material, minVersion: 'TLSv1.2' });
    });
  }

  /** A server that requires client certificates, with allowed names. On 'tlsClientError' destroy the socket. */
  createServer(options: TlsOptions, accepted: (socket: TLSSocket) => void): Server {
    const server = createServer({ ...options, ...this.serverOptions('Require') }, (socket) => {
      const problem = this.#nameProblem(socket.getPeerCertificate());
      if (problem === null) return accepted(socket);
      server.emit('tlsClientError', problem, socket);
    });
    this.keepFresh(server);
    return server;
  }

  /** Shows our certificate and checks the server's. */
  connect(options: TcpNetConnectOpts, connected: () => void): Socket {
    this.#refresh();
    const identity: ConnectionOptions =
      this.#files.allowedNames === null
        ? {}
        : { checkServerIdentity: (_host, certificate) => this.#nameProblem(certificate) ?? undefined };
    return connect({ ...options, ...identity, secureContext: this.#context, minVersion: 'TLSv1.2' }, connected);
  }

  #nameProblem(certificate: PeerCertificate): Error | null {
    const allowed = this.#files.allowedNames;
    if (allowed === null) return null;
    const names = namesIn(certificate);
    const isAllowed = (allowedName: string): boolean =>
      names.some((name) => matches(allowedName, name)) || checkServerIdentity(allowedName, certificate) === undefined;
    if (allowed.some(isAllowed)) return null;
    return new Error(`the certificate is for ${names.join(', ') || 'no name'}, allowed are ${allowed.join(', ')}`);
  }

  #refresh(): void {
    try {
      const signature = signatureOf(this.#files);
      if (signature === this.#signature) return;
      // Remembered even when what follows fails: one warning for each change, not for each connection.
      this.#signature = signature;
      ({ material: this.#material, context: this.#context } = readMaterial(this.#files));
      this.#generation += 1;
      this.#log.info({ cert: this.#files.certPath }, 'tls_files_reloaded');
    } catch (error) {
      // In the middle of a renewal certificate and key may not belong together: the old ones serve until they do.
      this.#log.warn({ cert: this.#files.certPath, reason: (error as Error).message }, 'tls_files_not_reloaded');
    }
  }
}

function namesIn(certificate: PeerCertificate): string[] {
  const alternative = certificate.subjectaltname?.split(', ').map((one) => one.replace(/^[^:]*:/, '')) ?? [];
  const common = certificate.subject.CN;
  const names = [...(Array.isArray(common) ? common : [common]), ...alternative];
  return [...new Set(names)].filter((name) => name !== undefined);
}

/** A star stands for one label. */
function matches(allowedName: string, name: string): boolean {
  if (allowedName.startsWith('*.')) return name.replace(/^[^.]+/, '*').toLowerCase() === allowedName.toLowerCase();
  return name.toLowerCase() === allowedName.toLowerCase();
}
