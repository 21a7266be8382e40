/** URL paths of the Kubernetes API. */
import type { Kind, KubeObject, ObjectName } from './types.ts';

/** The path of all objects of a kind in a namespace; `''` stands for all namespaces, or for a cluster-scoped kind. */
export function collectionPath({ apiVersion, plural }: Kind<KubeObject>, namespace: string): string {
  const within = namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${groupPath(apiVersion)}${within}/${plural}`;
}

export function objectPath(kind: Kind<KubeObject>, { namespace, name }: ObjectName, subresource?: string): string {
  if (kind.namespaced !== (namespace !== '')) {
    throw new TypeError(`${kind.kind} ${name}: ${kind.namespaced ? 'lies in a namespace' : 'lies in no namespace'}`);
  }
  const object = `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? object : `${object}/${subresource}`;
}

/** `/api/v1`, `/apis/apps/v1`. */
function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
