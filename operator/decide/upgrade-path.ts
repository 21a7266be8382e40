/** From which version a cluster may go to which. */

/**
 * Null when it may; else a sentence that says why not. A text that is no version passes: whoever names an image of
 * their own knows it.
 */
export function objectionToUpgrade(from: string, to: string): string | null {
  const [a, b] = [parse(from), parse(to)];
  if (a === null || b === null) return null;
  if (a.major !== b.major) {
    if (b.major < a.major) return `from ${from} back to ${to} is another major version: restore a snapshot instead`;
    if (b.major === a.major + 1 && b.minor === 0) return null;
    return `from ${from} to ${to} skips versions: go through ${a.major + 1}.0 first`;
  }
  if (b.minor > a.minor + 1)
    return `from ${from} to ${to} skips a minor version: go to ${a.major}.${a.minor + 1} first`;
  if (b.minor < a.minor - 1) return `from ${from} back to ${to} is more than one minor version`;
  return null;
}

function parse(version: string): { readonly major: number; readonly minor: number } | null {
  const match = /^(\d+)\.(\d+)\.\d+/.exec(version);
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]) };
}
