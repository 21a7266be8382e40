/**
 * Order of resource versions: they are decimal numbers, of any length, that grow with every change of any object of a
 * kind (Kubernetes API concepts, "Resource versions"; guaranteed since 1.35, true of every API server on etcd before).
 */
export function isOlder(one: string, other: string): boolean {
  return one.length === other.length ? one < other : one.length < other.length;
}
