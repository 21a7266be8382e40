/**
 * Where the tests of the operator run: only on the kubeconfig context that QUORATE_E2E_CONTEXT names, since they drain
 * nodes and take quorums away on purpose.
 */
export type Environment = {
  readonly context: string;
  /** Of member and operator; every node can start it. */
  readonly image: string;
  /** The same under another tag, for the test of upgrades; null: it is skipped. */
  readonly upgradeImage: string | null;
  /** Called as `COMMAND cut|heal|stop|start NODE`; null: faults of nodes are not tested. */
  readonly nodeFaults: string | null;
};

/** What a skipped test says. */
export const howToRun =
  'needs a Kubernetes cluster: set QUORATE_E2E_CONTEXT to a kubeconfig context that may be broken, and ' +
  'QUORATE_E2E_IMAGE to an image of this tree that its nodes can start (docs/testing.md)';

export function readEnvironment(): Environment | null {
  const context = process.env['QUORATE_E2E_CONTEXT'];
  const image = process.env['QUORATE_E2E_IMAGE'];
  if (context === undefined || context === '') return null;
  if (image === undefined || image === '') throw new Error('QUORATE_E2E_CONTEXT is set, QUORATE_E2E_IMAGE is not');
  return {
    context,
    image,
    upgradeImage: process.env['QUORATE_E2E_UPGRADE_IMAGE'] ?? null,
    nodeFaults: process.env['QUORATE_E2E_NODE_FAULTS'] ?? null,
  };
}
