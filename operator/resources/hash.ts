/** Hashes of JSON values that do not depend on the order of object keys. */
import { createHash } from 'node:crypto';

/** 16 hexadecimal digits of SHA-256. A key whose value is undefined counts as absent, as in JSON. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
