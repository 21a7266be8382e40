/** Where the API server is and how to prove who we are. */
import type { Clock } from './types.ts';

export interface Tls {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface ApiServer {
  /** As `https://10.96.0.1:443`, without a slash at the end. */
  readonly url: string;
  /** Namespace of this operator, or of the kubeconfig's context. */
  readonly namespace: string;
  /** Asked for every connection, as certificates are rotated. */
  tls(): Promise<Tls>;
  /** Headers that carry the credentials. @param refresh the last ones were refused */
  credentials(refresh: boolean): Promise<Readonly<Record<string, string>>>;
}

/** Kubelet rotates the token long before it ends (after 80% of at least 10 minutes); client-go reads as often. */
const tokenIsFreshMs = 60_000;

/** A token that is read again when it is old or was refused. */
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
