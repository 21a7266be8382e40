/**
 * Compares two resource versions: decimal numbers of any length that grow with each change of any object of the kind
 * (Kubernetes API concepts, "Resource versions"). Kubernetes guarantees this since 1.35; with etcd it was always true.
 */
export function isOlder(one: string, other: string): boolean {
  return one.length === other.length ? one < other : one.length < other.length;
}
