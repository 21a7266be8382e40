/**
 * Makes the child objects what they shall be, and writes nothing when they are. Each object carries a hash of what was
 * applied, which finds what the operator wants otherwise now; a comparison with the object as it is finds what others
 * have changed.
 */

import { annotations, labels } from '../api/names.ts';
import { controllerOf } from '../kube/controller-of.ts';
import { statefulSetKind } from '../kube/kinds.ts';
import type { Kind, KubeApi, KubeObject, ObjectMeta, Preconditions, Stored } from '../kube/types.ts';
import { hashOf } from '../resources/hash.ts';
import type { ChildObject } from '../resources/types.ts';
import type { Fence } from './fence.ts';
import { takeOverCreated } from './field-ownership.ts';
import { differences, holds, withoutAdditions } from './subset.ts';

export type ChildWrite = {
  /** `Change`: the operator wants it otherwise than it has applied it. `PutBack`: others have changed it since. */
  readonly verb: 'Create' | 'Change' | 'PutBack' | 'Delete';
  readonly kind: Kind<KubeObject>;
  /** The object as it shall be; of a deletion, as it is. */
  readonly object: KubeObject & { readonly metadata: ObjectMeta & { readonly name: string } };
  readonly live: Stored<KubeObject> | null;
  /** Paths of the fields that are not as they shall be, for the reader; fields that shall go are not among them. */
  readonly fields: readonly string[];
};

export type OwnedChild = { readonly kind: Kind<KubeObject>; readonly object: Stored<KubeObject> };

/** Finds the object of this kind and name as it is; null when it is not there. */
export type Live = (kind: Kind<KubeObject>, name: string) => Stored<KubeObject> | null;

/**
 * What there is to do, in order; empty once it has converged. Pure.
 *
 * @param owned by the RaftCluster, of the kinds that are pruned
 */
export function childWrites(
  wanted: readonly ChildObject[],
  owned: readonly OwnedChild[],
  live: Live,
): readonly ChildWrite[] {
  const writes: ChildWrite[] = [];
  const kept = new Set<string>();
  for (const { kind, object } of wanted) {
    const { name } = object.metadata as ObjectMeta & { name: string };
    kept.add(`${kind.kind}/${name}`);
    const found = live(kind, name);
    const hashed = withHash(kind, object);
    if (found === null) writes.push({ verb: 'Create', kind, object: hashed, live: null, fields: [] });
    else if (!isAsWanted(kind, found, hashed)) {
      const verb = isApplied(found, hashed) ? 'PutBack' : 'Change';
      writes.push({ verb, kind, object: hashed, live: found, fields: differingFields(kind, found, hashed) });
    }
  }
  for (const { kind, object } of owned) {
    if (kept.has(`${kind.kind}/${object.metadata.name}`) || object.metadata.deletionTimestamp !== undefined) continue;
    writes.push({ verb: 'Delete', kind, object, live: object, fields: [] });
  }
  return writes;
}

/** @throws KubeError; `Conflict` when something has changed since it was read */
export async function writeChild(write: ChildWrite, api: KubeApi, fence: Fence): Promise<void> {
  const { kind, object, live } = write;
  const { name, namespace = '' } = object.metadata;
  if (write.verb === 'Delete') {
    await api.delete(kind, { namespace, name }, { ...versionOf(live!), ...fence.options });
    return;
  }
  if (live === null) await refuseForeign(kind, object, api);
  // A StatefulSet is applied with the size that it had when it was read, so it must still have that size: an apply that
  // comes late would undo a change of size, and one that creates would give the size of a new cluster to an old one.
  if (isSized(kind) && live === null) {
    await api.create(kind, object, fence.options);
    return;
  }
  const asRead = isSized(kind) && live !== null ? versionOf(await takeOverCreated(kind, live, api, fence)) : {};
  const applied = await api.apply(kind, object, { ...asRead, ...fence.options });
  await undoAdditions(kind, object, applied, api, fence);
}

/**
 * What has the name already, but does not belong to this RaftCluster.
 *
 * @throws KubeError, NameTaken
 */
async function refuseForeign(kind: Kind<KubeObject>, object: ChildWrite['object'], api: KubeApi): Promise<void> {
  const { name, namespace = '', ownerReferences = [], labels: wanted } = object.metadata;
  const present = await api.get(kind, { namespace, name });
  if (present === null) return;
  const owner = controllerOf(present.metadata);
  const isLabelled = present.metadata.labels?.[labels.cluster] === wanted?.[labels.cluster];
  if (owner === undefined ? isLabelled : owner.uid === ownerReferences[0]?.uid) return;
  // One that should be gone may hang, as a Service does whose load balancer nobody takes down: nothing waits for it.
  if (isLabelled && owner?.kind === ownerReferences[0]?.kind) {
    throw new NameTaken(`the ${kind.kind} ${name} still belongs to a RaftCluster that was deleted`);
  }
  throw new NameTaken(
    `the ${kind.kind} ${name} is not of this RaftCluster: delete it, or give the RaftCluster another name`,
  );
}

export class NameTaken extends Error {
  override readonly name = 'NameTaken';
}

/** Server-side apply leaves what others have added to a list or a selector: a container, a port, a label. */
async function undoAdditions(
  kind: Kind<KubeObject>,
  object: KubeObject,
  applied: Stored<KubeObject>,
  api: KubeApi,
  fence: Fence,
): Promise<void> {
  if (isAsWanted(kind, applied, object)) return;
  const { name, namespace = '' } = applied.metadata;
  const { apiVersion: _, kind: __, metadata: ___, ...content } = object as Record<string, unknown>;
  const patch = withoutAdditions(applied, content) as Record<string, unknown>;
  await api.patch(kind, { namespace, name }, patch, { ...versionOf(applied), ...fence.options });
}

function isAsWanted(kind: Kind<KubeObject>, live: Stored<KubeObject>, wanted: KubeObject): boolean {
  return isApplied(live, wanted) && holds(live, withoutSize(kind, wanted));
}

/** Whether what the operator applied last is what it wants now. */
function isApplied(live: Stored<KubeObject>, wanted: KubeObject): boolean {
  return appliedHash(live) === appliedHash(wanted);
}

/** The hash of what shall be applied, or was: it stays the same for as long as the operator wants the same. */
export function appliedHash({ metadata }: KubeObject): string | undefined {
  return metadata?.annotations?.[annotations.appliedHash];
}

function differingFields(kind: Kind<KubeObject>, live: Stored<KubeObject>, wanted: KubeObject): readonly string[] {
  return differences(live, withoutSize(kind, wanted)).filter((path) => !path.endsWith('-hash]'));
}

function withHash(kind: Kind<KubeObject>, object: KubeObject): ChildWrite['object'] {
  const metadata = object.metadata as ObjectMeta & { name: string };
  const hash = hashOf(withoutSize(kind, object));
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.appliedHash]: hash } },
  };
}

function isSized(kind: Kind<KubeObject>): boolean {
  return kind.kind === statefulSetKind.kind;
}

function withoutSize(kind: Kind<KubeObject>, object: KubeObject): KubeObject {
  if (!isSized(kind)) return object;
  const { replicas: _, ordinals: __, ...spec } = (object as { spec: Record<string, unknown> }).spec;
  return { ...object, spec } as KubeObject;
}

function versionOf({ metadata: { uid, resourceVersion } }: Stored<KubeObject>): Preconditions {
  return { uid, resourceVersion };
}
