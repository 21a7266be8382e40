/** The options that every command has which speaks to a cluster, and the client made of them. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Client } from '../client/client.ts';
import type { ClientTls } from '../client/tls.ts';
import { UserError } from './user-error.ts';
import { parseDurationMs, parseEndpoints } from './values.ts';

/** Where `quorate up` serves its first three members. */
export const defaultEndpoints: readonly string[] = [2379, 2381, 2383].map((port) => `http://127.0.0.1:${port}`);

export type ConnectionOptions = {
  endpoints: string[];
  timeout: number;
  json?: true;
  tokenFile?: string;
  ca?: string;
  cert?: string;
  key?: string;
};

/** @param timeout of the command where none is given */
export function addConnectionOptions(command: Command, timeout = '5s'): Command {
  const options = [
    new Option('--endpoints <URL,...>', 'client URLs of members; the next one takes over when one is away')
      .env('QUORATE_ENDPOINTS')
      .argParser(parseEndpoints)
      .default([...defaultEndpoints], 'those of quorate up'),
    new Option('--timeout <TIME>', 'for the whole command, with its retries')
      .argParser(parseDurationMs)
      .default(parseDurationMs(timeout), timeout),
    new Option('--token-file <FILE>', 'file with the token for administrative calls').env('QUORATE_TOKEN_FILE'),
    new Option('--ca <FILE>', 'authorities to trust (PEM), for https').env('QUORATE_CA'),
    new Option('--cert <FILE>', 'own certificate (PEM)').env('QUORATE_CERT'),
    new Option('--key <FILE>', "the certificate's private key (PEM)").env('QUORATE_KEY'),
    new Option('--json', 'print JSON'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Connection and output:'));
  return command;
}

export async function connect(options: ConnectionOptions): Promise<Client> {
  const { createClient } = await import('../client/client.ts');
  const { endpoints, timeout: timeoutMs, tokenFile } = options;
  const certificates = await readCertificates(options);
  const fetch = certificates === null ? undefined : (await import('../client/tls.ts')).tlsFetch(certificates);
  return createClient({
    endpoints,
    timeoutMs,
    token: tokenFile === undefined ? undefined : readToken(tokenFile),
    fetch,
    onRetry: announceRetries(timeoutMs),
  });
}

/** Read and checked before anything is sent: afterwards a file that is wrong looks like a member that does not answer. */
async function readCertificates({ ca, cert, key }: ConnectionOptions): Promise<ClientTls | null> {
  if ((cert === undefined) !== (key === undefined)) throw new UserError('--cert and --key go together', 2);
  if (cert === undefined && ca === undefined) return null;
  const { readAuthorities, readMaterial } = await import('../node/transport/pem-files.ts');
  if (cert === undefined || key === undefined) return { ca: readAuthorities(ca!).toString() };
  const { material } = readMaterial({ certPath: cert, keyPath: key, caPath: ca ?? null });
  return { ca: material.ca?.toString(), cert: material.cert.toString(), key: material.key.toString() };
}

/** A command that hangs must say why. Once, and not for the first failover, which is nobody's concern. */
function announceRetries(timeoutMs: number): (error: Error) => void {
  const startMs = performance.now();
  let isAnnounced = false;
  return (error) => {
    if (isAnnounced || performance.now() - startMs < 1_000 || !process.stderr.isTTY) return;
    isAnnounced = true;
    process.stderr.write(`quorate: ${error.message}; trying for ${timeoutMs / 1000} s\n`);
  };
}

/** The first line: members take a file of several, of which the first is the newest. */
function readToken(file: string): string {
  const token = read(file).split('\n')[0]!.trim();
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new UserError(`${file}: its first line is not a token of letters, digits and signs without spaces`);
  return token;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${(error as Error).message}`);
  }
}
