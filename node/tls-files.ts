/** The certificates that the settings name: for the ports of this member, and for its calls to other members. */
import { readFileSync } from 'node:fs';
import type { Config } from './config/config.ts';
import { ConfigError } from './config/parse-config.ts';
import type { Observer } from './server/observer.ts';
import { TlsFileError } from './transport/pem-files.ts';
import { ReloadingTls } from './transport/tls.ts';
import { transportLog } from './transport-log.ts';

type Log = Observer['log'];

type CertificateFiles = { readonly certFile: string; readonly keyFile: string; readonly caFile: string | null };

/** @throws ConfigError when the files cannot be used as they are now; later ones are taken when they can be */
export function reloadingTls(
  use: 'peer' | 'client',
  { certFile, keyFile, caFile }: CertificateFiles,
  log: Log,
): ReloadingTls {
  try {
    const files = { certPath: certFile, keyPath: keyFile, caPath: caFile, allowedNames: null };
    const tls = new ReloadingTls(files, transportLog(log));
    const expires = new Date(tls.notAfterMs).toISOString();
    if (tls.notAfterMs < Date.now()) {
      log('error', 'certificate_expired', { use, file: certFile, expired: expires, message: 'others will refuse it' });
    }
    return tls;
  } catch (error) {
    if (!(error instanceof TlsFileError)) throw error;
    throw new ConfigError([`--${use}-tls-${error.file}: ${error.message}`]);
  }
}

/** What this member shows, and trusts, when it calls the client port of another one or its own. */
export function clientCredentials({ clientTls }: Config): { ca?: string; cert: string; key: string } | null {
  if (clientTls === null) return null;
  const { certFile, keyFile, caFile } = clientTls;
  const own = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  return caFile === null ? own : { ...own, ca: readFileSync(caFile, 'utf8') };
}
