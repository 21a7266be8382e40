/** `kubectl drain`, as whoever maintains nodes does it. */
import type { TestContext } from 'node:test';
import type { Kubectl } from './kubectl.ts';
import { notTraffic } from './traffic.ts';

/** All that a node runs, but for what asks and answers the tests. */
const everything = `${notTraffic},k8s-app!=kube-dns`;

/** Resolves when the pods that `selector` names have left the node. The test's end lets pods onto it again. */
export async function drain(t: TestContext, kubectl: Kubectl, node: string, selector = everything): Promise<void> {
  t.after(() => kubectl.run(['uncordon', node]));
  await kubectl.run([
    'drain',
    node,
    '--ignore-daemonsets',
    '--delete-emptydir-data',
    '--timeout=180s',
    // Pods without a controller, of tests that have just ended, may still be there.
    '--force',
    `--pod-selector=${selector}`,
  ]);
}
