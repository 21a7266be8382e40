/**
 * Pods on a node that is gone, or that its owner has declared out of service: no kubelet will ever report them stopped.
 * Only then are they removed by force; a node that is merely silent may still run them.
 */
import type { NodeView } from '../observe/types.ts';
import { ref } from './cluster-view.ts';
import { act, firstOf, note, pass, type Rule } from './rule.ts';

export const stuckPods: Rule = ({ places, nowMs }) => {
  for (const { pod, status } of places) {
    if (pod === null || pod.node === null || status !== null || !isOut(pod.node)) continue;
    const force = pod.deletionDueMs !== null;
    const why = pod.node.exists ? 'is out of service' : 'does not exist any more';
    return act({ kind: 'DeletePod', pod: ref(pod), force }, pod.name, `its node ${pod.node.name} ${why}`);
  }
  return firstOf(
    places.map(({ pod }) => {
      if (pod === null || pod.node === null || pod.deletionDueMs === null || pod.node.isReady) return pass;
      if (nowMs < pod.deletionDueMs) return pass;
      return note(
        `pod ${pod.name} cannot be proved to have stopped: bring node ${pod.node.name} back, taint it node.kubernetes.io/out-of-service, or delete it`,
      );
    }),
  );
};

/** Whether it is certain that nothing runs on this node. */
export function isOut(node: NodeView): boolean {
  return !node.exists || node.isOutOfService;
}
