/** The address of the API server, and the credentials for it. */
import type { Clock } from './types.ts';

export interface Tls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface ApiServer {
  /** For example `https://10.96.0.1:443`, without a trailing slash. */
  readonly url: string;
  /** Namespace of this operator, or of the kubeconfig's context. */
  readonly namespace: string;
  /** Read for each new connection, because certificates are rotated. */
  tls(): Promise<Tls>;
  /**
   * The request headers that carry the credentials.
   *
   * @param refresh whether the API server has just refused the previous ones
   */
  credentials(refresh: boolean): Promise<Readonly<Record<string, string>>>;
}

/**
 * How long a token is used before its file is read again; client-go takes the same time. The kubelet replaces a token
 * after 80% of its lifetime of at least 10 minutes, so the old one stays valid for longer than this.
 */
const tokenIsFreshMs = 60_000;

/** Returns a function that caches the token, and reads it again when it is old or was refused. */
export function rereadToken(clock: Clock, read: () => Promise<string>): (refresh: boolean) => Promise<string> {
  let token: string | null = null;
  let readAtMs = Number.NEGATIVE_INFINITY;
  return async (refresh) => {
    const nowMs = clock.nowMs();
    if (token === null || refresh || nowMs - readAtMs >= tokenIsFreshMs) {
      token = (await read()).trim();
      readAtMs = nowMs;
    }
    return token;
  };
}
