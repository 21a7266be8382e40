/** The API server for an operator that runs in a pod, with the credentials of the pod's service account. */
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { type ApiServer, rereadToken } from './api-server.ts';
import type { Clock } from './types.ts';

/** Where the kubelet mounts the service account, and keeps its token and certificate up to date. */
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface Surroundings {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where token, namespace and certificate are; default: where the kubelet mounts the service account. */
  readonly folder?: string;
}

/** Returns null outside a pod. Throws the error of `readFile` if the pod has no service account mounted. */
export async function inClusterApiServer({ clock, env, folder }: Surroundings): Promise<ApiServer | null> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) return null;
  const file = (name: string) => path.join(folder ?? serviceAccountFolder, name);
  const token = rereadToken(clock, () => readFile(file('token'), 'utf8'));
  return {
    url: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace: (await readFile(file('namespace'), 'utf8')).trim(),
    tls: async () => ({ ca: await readFile(file('ca.crt')) }),
    credentials: async (refresh) => ({ authorization: `Bearer ${await token(refresh)}` }),
  };
}
