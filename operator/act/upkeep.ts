/**
 * What a pass writes beside its one act, so that what belongs to the cluster stays as it shall be: Secrets, child objects,
 * and the labels by which the disruption budget counts pods. Each is written by itself, and one that the API server
 * refuses keeps none of the others waiting.
 */

import { labels } from '../api/names.ts';
import type { RefusedWrite } from '../api/refused-write.ts';
import type { RaftCluster } from '../api/types.ts';
import type { PodRef, Shape } from '../decide/types.ts';
import { podKind, secretKind } from '../kube/kinds.ts';
import type { KubeApi } from '../kube/types.ts';
import type { Observed } from '../observe/types.ts';
import { appliedHash, type ChildWrite, writeChild } from './children.ts';
import type { Fence } from './fence.ts';
import { type DueSecrets, writeSecrets } from './secrets.ts';

export type Upkeep = ChildWrite | SecretIssue | RoleLabel;

export type SecretIssue = { readonly verb: 'Issue' } & DueSecrets;

export type RoleLabel = {
  readonly verb: 'Label';
  readonly pod: PodRef;
  readonly role: Shape['roleLabels'][string];
};

/** Pods whose label does not say what their members are; one that is on its way out is counted no more. */
export function roleLabels({ slots }: Observed, shape: Pick<Shape, 'roleLabels'>): readonly RoleLabel[] {
  return slots.flatMap(({ pod }) => {
    const role = pod === null ? undefined : shape.roleLabels[pod.name];
    return pod === null || role === undefined || role === pod.roleLabel || pod.deletionDueMs !== null
      ? []
      : [{ verb: 'Label', pod, role }];
  });
}

/** @throws KubeError, NameTaken */
export async function carryOut(
  upkeep: Upkeep,
  cluster: RaftCluster,
  { api, fence, nowMs }: { readonly api: KubeApi; readonly fence: Fence; readonly nowMs: number },
): Promise<void> {
  switch (upkeep.verb) {
    case 'Issue':
      return writeSecrets(cluster, upkeep.group, nowMs, api, fence);
    case 'Label': {
      const { name, uid, resourceVersion } = upkeep.pod;
      const patch = { metadata: { labels: { [labels.role]: upkeep.role } } };
      const pod = { namespace: cluster.metadata.namespace, name };
      await api.patch(podKind, pod, patch, { uid, resourceVersion, ...fence.options });
      return;
    }
    case 'Create':
    case 'Change':
    case 'PutBack':
    case 'Delete':
      return writeChild(upkeep, api, fence);
  }
}

/** The object that it writes; of several Secrets the first one. */
export function objectOf(upkeep: Upkeep): Pick<RefusedWrite, 'kind' | 'name' | 'task'> {
  switch (upkeep.verb) {
    case 'Issue':
      return { kind: secretKind.kind, name: upkeep.names[0]!, task: 'issue' };
    case 'Label':
      return { kind: podKind.kind, name: upkeep.pod.name, task: 'label' };
    case 'Create':
    case 'Change':
    case 'PutBack':
    case 'Delete':
      return { kind: upkeep.kind.kind, name: upkeep.object.metadata.name, task: tasks[upkeep.verb] };
  }
}

const tasks = { Create: 'create', Change: 'change', PutBack: 'put back', Delete: 'delete' } as const;

/** A text that changes when the operator wants something else of the object: an earlier refusal says nothing of that. */
export function contentOf(upkeep: Upkeep): string {
  switch (upkeep.verb) {
    case 'Issue':
      return upkeep.names.join(' ');
    case 'Label':
      return upkeep.pod.uid + String(upkeep.role);
    case 'Delete':
      return 'none';
    case 'Create':
    case 'Change':
    case 'PutBack':
      return appliedHash(upkeep.object) ?? '';
  }
}
