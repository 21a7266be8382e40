/**
 * Pods on a node that is gone, or that its owner has declared out of service: no kubelet will ever report them stopped.
 * Only then are they removed by force; a node that is merely silent may still run them.
 */
import type { NodeView } from '../observe/types.ts';
import { ref } from './cluster-view.ts';
import { act, pass, type Rule } from './rule.ts';

export const stuckPods: Rule = ({ places }) => {
  for (const { pod, status } of places) {
    if (pod === null || pod.node === null || status !== null || !isOut(pod.node)) continue;
    const force = pod.deletionDueMs !== null;
    const why = pod.node.exists ? 'is out of service' : 'does not exist any more';
    return act({ kind: 'DeletePod', pod: ref(pod), force }, pod.name, `its node ${pod.node.name} ${why}`);
  }
  return pass;
};

/** Nothing runs there. */
export function isOut(node: NodeView): boolean {
  return !node.exists || node.isOutOfService;
}
