import type { ObjectMeta } from './types.ts';

type OwnerReference = NonNullable<ObjectMeta['ownerReferences']>[number];

/** The owner that manages an object: of all its owners at most one is the controller. */
export function controllerOf({ ownerReferences }: Pick<ObjectMeta, 'ownerReferences'>): OwnerReference | undefined {
  return ownerReferences?.find(({ controller }) => controller === true);
}
