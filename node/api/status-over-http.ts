/** Reads a member's status from its client port. */
import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { ApiStatus } from '../../client/types.ts';

const maxStatusBytes = 1024 * 1024;

/**
 * @param tls what to trust, and what to show, where the client ports speak TLS; asked at each call, since files change
 */
export function statusOverHttp(
  tls: () => SecureContextOptions | null,
): (clientUrl: string, timeoutMs: number) => Promise<ApiStatus> {
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: 1, timeout: 10_000 });
  const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: 1, timeout: 10_000 });
  return async (clientUrl, timeoutMs) => {
    const url = new URL('/v1/status', clientUrl);
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request =
        url.protocol === 'https:'
          ? httpsGet(url, { ...tls(), agent: httpsAgent, signal }, resolve)
          : httpGet(url, { agent: httpAgent, signal }, resolve);
      request.once('error', (error) => reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error));
    });
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxStatusBytes) throw new Error(`${url.href} answers with more than a status`);
      chunks.push(chunk);
    }
    if (response.statusCode !== 200) throw new Error(`${url.href} answers with ${response.statusCode}`);
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as ApiStatus;
  };
}
