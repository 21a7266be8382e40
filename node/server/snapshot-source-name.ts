/** Where a snapshot comes from, for records, logs and answers. */

/**
 * A path as it is; of a URL neither the user nor the query, in which presigned ones carry their secret: whoever may see a
 * member's status must not find the key to the backups in it.
 */
export function withoutSecrets(source: string): string {
  if (!URL.canParse(source) || !/^https?:/.test(source)) return source;
  const { origin, pathname } = new URL(source);
  return origin + pathname;
}
