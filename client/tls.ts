/** `quorate/client/tls`, Node only: a `fetch` for members that speak https, with certificates of one's own. */
import { Agent, fetch as undiciFetch } from 'undici';

export type ClientTls = {
  /** Authorities to trust in place of the well-known ones, PEM. */
  readonly ca?: string | undefined;
  /** The client's own certificate and key, PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
};

/** Give it to `createClient` as `fetch`. */
export function tlsFetch(tls: ClientTls): typeof globalThis.fetch {
  const connect = Object.fromEntries(Object.entries(tls).filter(([, pem]) => pem !== undefined));
  const dispatcher = new Agent({ connect });
  // Node's types and undici's declare the same fetch twice, and TypeScript takes them for different ones.
  const withCertificates = (url: string, init: Parameters<typeof undiciFetch>[1]) =>
    undiciFetch(url, { ...init, dispatcher });
  return withCertificates as unknown as typeof globalThis.fetch;
}
