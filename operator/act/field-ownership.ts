/**
 * What was created by POST belongs to the operator as one who updates, and then an apply of it could never take a
 * field away again. So the entry is made one of applying, as client-go's csaupgrade does it.
 */
import { operatorName } from '../api/names.ts';
import type { Kind, KubeApi, KubeObject, Stored } from '../kube/types.ts';
import type { Fence } from './fence.ts';

/**
 * To be called before the first apply of an object.
 *
 * @returns the object as it is then; the same when there was nothing to do
 */
export async function takeOverCreated<T extends KubeObject>(
  kind: Kind<T>,
  object: Stored<T>,
  api: KubeApi,
  fence: Fence,
): Promise<Stored<T>> {
  const entries = object.metadata.managedFields ?? [];
  const created = entries.find(
    ({ manager, operation, subresource, fieldsV1 }) =>
      manager === operatorName && operation === 'Update' && subresource === undefined && ownsTemplate(fieldsV1),
  );
  if (created === undefined) return object;
  const isApplied = (entry: (typeof entries)[number]) => entry.manager === operatorName && entry.operation === 'Apply';
  const others = entries.filter((entry) => entry !== created && !isApplied(entry));
  const { name, namespace = '', uid, resourceVersion } = object.metadata;
  const managedFields = [...others, { ...created, operation: 'Apply' }];
  return api.patch(
    kind,
    { namespace, name },
    { metadata: { managedFields } },
    { uid, resourceVersion, ...fence.options },
  );
}

function ownsTemplate(fields: unknown): boolean {
  const spec = (fields as { 'f:spec'?: { 'f:template'?: unknown } } | undefined)?.['f:spec'];
  return spec?.['f:template'] !== undefined;
}
