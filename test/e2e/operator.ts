/**
 * The operator under test, installed by the chart as a user does it, for all tests of a run; the test runner calls the
 * two functions before the first and after the last test.
 */
import { readEnvironment } from './environment.ts';
import { command, Kubectl, until } from './kubectl.ts';

export const operatorNamespace = 'quorate-system';
export const operatorRelease = 'quorate';

export async function globalSetup(): Promise<void> {
  const environment = readEnvironment();
  if (environment === null) return;
  await installOperator(environment.context, environment.image);
}

export async function globalTeardown(): Promise<void> {
  const environment = readEnvironment();
  if (environment === null) return;
  const kubectl = new Kubectl(environment.context, operatorNamespace);
  // Clusters first: without an operator nobody would take their finalizers off.
  // By namespace: kubectl cannot wait for what it deletes across all of them.
  const left = await kubectl.run([
    'get',
    'raftclusters',
    '--all-namespaces',
    '-o',
    'jsonpath={.items[*].metadata.namespace}',
  ]);
  for (const namespace of new Set(left.split(' ').filter((name) => name !== '')))
    await new Kubectl(environment.context, namespace).run(['delete', 'raftclusters', '--all', '--timeout=120s']);
  await helm(environment.context, ['uninstall', operatorRelease, '--ignore-not-found', '--wait']);
  await kubectl.run(['delete', 'namespace', operatorNamespace, '--ignore-not-found', '--timeout=120s']);
  await kubectl.run(['delete', 'crd', 'raftclusters.quorate.dev', '--ignore-not-found']);
}

/** Also brings a running one to this image and these values. Resolves when its pods are ready. */
export async function installOperator(context: string, image: string, values: readonly string[] = []): Promise<void> {
  const kubectl = new Kubectl(context, operatorNamespace);
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: operatorNamespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  const separator = image.lastIndexOf(':');
  await helm(context, [
    'upgrade',
    '--install',
    operatorRelease,
    'charts/quorate',
    `--set-string=image.repository=${image.slice(0, separator)}`,
    `--set-string=image.tag=${image.slice(separator + 1)}`,
    // The kind may be there already, from `kubectl apply -f crds/`.
    '--take-ownership',
    ...values.map((value) => `--set=${value}`),
    '--wait',
    '--timeout=120s',
  ]);
}

/** Name of the operator's pod that acts. */
export async function actingOperator(kubectl: Kubectl): Promise<string> {
  return until('an operator that holds the lease', 60_000, async () => {
    const leases = JSON.parse(await kubectl.run(['get', 'leases', '--namespace', operatorNamespace, '-o', 'json'])) as {
      items: { spec: { holderIdentity?: string } }[];
    };
    const pods = JSON.parse(await kubectl.run(['get', 'pods', '--namespace', operatorNamespace, '-o', 'json'])) as {
      items: { metadata: { name: string } }[];
    };
    const names = pods.items.map(({ metadata }) => metadata.name);
    return leases.items
      .map(({ spec }) => names.find((name) => spec.holderIdentity?.startsWith(name)))
      .find((name) => name !== undefined);
  });
}

function helm(context: string, args: readonly string[]): Promise<string> {
  return command('helm', ['--kube-context', context, '--namespace', operatorNamespace, ...args]);
}
