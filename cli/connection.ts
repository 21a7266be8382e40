/** The options that every command has which speaks to a cluster, and the client made of them. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Client } from '../client/client.ts';
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

export function addConnectionOptions(command: Command): Command {
  const options = [
    new Option('--endpoints <URL,...>', 'client URLs of members; the next one takes over when one is away')
      .env('QUORATE_ENDPOINTS')
      .argParser(parseEndpoints)
      .default([...defaultEndpoints], 'those of quorate up'),
    new Option('--timeout <TIME>', 'for the whole command, with its retries')
      .argParser(parseDurationMs)
      .default(5_000, '5s'),
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
  const { endpoints, timeout: timeoutMs, tokenFile, ca, cert, key } = options;
  if ((cert === undefined) !== (key === undefined)) throw new UserError('--cert and --key go together', 2);
  const usesTls = ca !== undefined || cert !== undefined;
  const fetch = usesTls
    ? (await import('../client/tls.ts')).tlsFetch({ ca: read(ca), cert: read(cert), key: read(key) })
    : undefined;
  return createClient({
    endpoints,
    timeoutMs,
    token: tokenFile === undefined ? undefined : readToken(tokenFile),
    fetch,
    onRetry: announceRetries(timeoutMs),
  });
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
  const token = read(file)!.split('\n')[0]!.trim();
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new UserError(`${file}: its first line is not a token of letters, digits and signs without spaces`);
  return token;
}

function read(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`cannot read ${file}: ${(error as Error).message}`);
  }
}
