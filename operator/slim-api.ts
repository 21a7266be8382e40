/** A KubeApi for caches of kinds whose objects are large: what nobody reads is dropped before it is kept. */
import { definedOf } from './defined-of.ts';
import type { Node, Pod } from './kube/kinds.ts';
import type { Kind, KubeApi, KubeObject, ObjectList, Stored, WatchEvent } from './kube/types.ts';

export type Slim<T extends KubeObject> = (object: Stored<T>) => Stored<T>;

export function slimApi<T extends KubeObject>(api: KubeApi, slim: Slim<T>): KubeApi {
  // The cache that uses this API asks for one kind only, the one that `slim` is for.
  const of = <K extends KubeObject>(object: Stored<K>) => slim(object as unknown as Stored<T>) as unknown as Stored<K>;
  return {
    get: (kind, name, options) => api.get(kind, name, options),
    list: async <K extends KubeObject>(
      kind: Kind<K>,
      scope: Parameters<KubeApi['list']>[1],
      options?: Parameters<KubeApi['list']>[2],
    ): Promise<ObjectList<K>> => {
      const { items, resourceVersion } = await api.list(kind, scope, options);
      return { items: items.map(of), resourceVersion };
    },
    watch: async function* <K extends KubeObject>(
      kind: Kind<K>,
      scope: Parameters<KubeApi['watch']>[1],
      options: Parameters<KubeApi['watch']>[2],
    ): AsyncIterable<WatchEvent<K>> {
      for await (const event of api.watch(kind, scope, options)) {
        yield event.type === 'BOOKMARK' ? event : { ...event, object: of(event.object) };
      }
    },
    create: (kind, object, options) => api.create(kind, object, options),
    apply: (kind, object, options) => api.apply(kind, object, options),
    patch: (kind, name, patch, options) => api.patch(kind, name, patch, options),
    delete: (kind, name, options) => api.delete(kind, name, options),
    evict: (pod, options) => api.evict(pod, options),
  };
}

/** Drops a node's list of images, which is longer than all else that is known of it. */
export const slimNode: Slim<Node> = ({ apiVersion, kind, metadata, spec, status }) => ({
  apiVersion,
  kind,
  metadata: slimMetadata(metadata),
  spec: spec === undefined ? {} : definedOf({ taints: spec.taints, unschedulable: spec.unschedulable }),
  status: { conditions: (status?.conditions ?? []).filter(({ type }) => type === 'Ready').map(withoutHeartbeat) },
});

export const slimPod: Slim<Pod> = ({ apiVersion, kind, metadata, spec, status }) => ({
  apiVersion,
  kind,
  metadata: slimMetadata(metadata),
  spec: {
    ...definedOf({ nodeName: spec?.nodeName }),
    containers: (spec?.containers ?? []).map(({ name, image }) => ({ name, ...definedOf({ image }) })),
  },
  status: definedOf({
    phase: status?.phase,
    podIP: status?.podIP,
    conditions: status?.conditions?.map(withoutHeartbeat),
    containerStatuses: status?.containerStatuses,
    initContainerStatuses: status?.initContainerStatuses,
  }),
});

function slimMetadata<M extends Stored<KubeObject>['metadata']>(metadata: M): M {
  const { managedFields: _, ...kept } = metadata;
  return kept as unknown as M;
}

function withoutHeartbeat<C extends object>(condition: C): C {
  const { lastHeartbeatTime: _, lastProbeTime: __, ...kept } = condition as C & Record<string, unknown>;
  return kept as unknown as C;
}
