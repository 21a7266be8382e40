/** Series that were looked up once: by its labels that costs more than counting in it, and each request would pay for it twice. */

/** @param name of the series among those that are known */
export function series<K, T>(known: Map<K, T>, name: K, create: () => T): T {
  const found = known.get(name);
  if (found !== undefined) return found;
  const created = create();
  known.set(name, created);
  return created;
}
