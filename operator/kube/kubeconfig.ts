/**
 * The API server of a kubeconfig, for tests and for an operator that runs outside the Kubernetes cluster. Imports only
 * two files of client-node: the whole package would cost 85 MB of memory for API calls that are not used here.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Cluster,
  type Context,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js';
import { parse } from 'yaml';
import type { ApiServer } from './api-server.ts';

export interface KubeconfigChoice {
  /** The files to merge, as in KUBECONFIG: if several define the same name, the first file wins. */
  readonly files: readonly string[];
  /** The context to use; default: the current context. */
  readonly context?: string;
}

/** The files listed in KUBECONFIG, or else `~/.kube/config`. */
export function kubeconfigFiles(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const files = (env['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '');
  return files.length > 0 ? files : [path.join(env['HOME'] ?? '/', '.kube', 'config')];
}

/**
 * Throws Error if a file is missing or invalid, if context, cluster or user is not defined, or if the kubeconfig uses a
 * feature that is not supported. The message is meant for users.
 */
export async function kubeconfigApiServer({ files, context }: KubeconfigChoice): Promise<ApiServer> {
  const parts = await Promise.all(files.map(readKubeconfig));
  const contextName = context ?? parts.find((part) => part.currentContext !== null)?.currentContext;
  const chosen = find(
    'context',
    parts.flatMap((part) => part.contexts),
    contextName,
  );
  const cluster = find(
    'cluster',
    parts.flatMap((part) => part.clusters),
    chosen.cluster,
  );
  const user = find(
    'user',
    parts.flatMap((part) => part.users),
    chosen.user,
  );
  refuseUnsupported(cluster, user);
  const exec = new ExecAuth();
  const runExec = async (): Promise<{ headers: Record<string, string>; cert?: string; key?: string }> => {
    const options = { headers: {} };
    if (exec.isAuthProvider(user)) await exec.applyAuthentication(user, options);
    return options;
  };
  return {
    url: cluster.server,
    namespace: chosen.namespace ?? 'default',
    tls: async () => {
      const given = await runExec();
      return withoutAbsent({
        ca: await fileOrData(cluster.caFile, cluster.caData),
        cert: given.cert ?? (await fileOrData(user.certFile, user.certData)),
        key: given.key ?? (await fileOrData(user.keyFile, user.keyData)),
        servername: cluster.tlsServerName,
        rejectUnauthorized: cluster.skipTLSVerify ? false : undefined,
      });
    },
    credentials: async () => ({
      ...(user.token ? { authorization: `Bearer ${user.token}` } : (await runExec()).headers),
      ...(user.impersonateUser ? { 'impersonate-user': user.impersonateUser } : {}),
    }),
  };
}

interface KubeconfigPart {
  readonly contexts: readonly Context[];
  readonly clusters: readonly Cluster[];
  readonly users: readonly User[];
  readonly currentContext: string | null;
}

async function readKubeconfig(file: string): Promise<KubeconfigPart> {
  try {
    const content = parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    const absolute = (name: string | undefined) => (name ? path.resolve(path.dirname(file), name) : undefined);
    const currentContext = content['current-context'];
    return {
      contexts: newContexts(content['contexts']),
      clusters: newClusters(content['clusters']).map((it) => withoutAbsent({ ...it, caFile: absolute(it.caFile) })),
      users: newUsers(content['users']).map((it) =>
        withoutAbsent({ ...it, certFile: absolute(it.certFile), keyFile: absolute(it.keyFile) }),
      ),
      currentContext: typeof currentContext === 'string' && currentContext !== '' ? currentContext : null,
    };
  } catch (error) {
    throw new Error(`kubeconfig ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function find<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  name: string | null | undefined,
): T {
  const found = all.find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`kubeconfig: there is no ${what} ${JSON.stringify(name ?? '')}; set one with kubectl config`);
  }
  return found;
}

function refuseUnsupported(cluster: Cluster, user: User): void {
  if (cluster.proxyUrl) throw new Error(`kubeconfig: cluster ${cluster.name}: proxy-url is not supported`);
  if (user.username) throw new Error(`kubeconfig: user ${user.name}: passwords are not supported; use a certificate`);
  if (user.authProvider && !user.exec) {
    throw new Error(`kubeconfig: user ${user.name}: auth-provider is not supported; use an exec plugin`);
  }
}

async function fileOrData(file: string | undefined, base64: string | undefined): Promise<Buffer | undefined> {
  if (file) return readFile(file);
  return base64 ? Buffer.from(base64, 'base64') : undefined;
}

function withoutAbsent<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}
