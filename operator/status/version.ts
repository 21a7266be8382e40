/** The version that a cluster as a whole can be said to run. */
import type { MemberStatus } from '../api/types.ts';

/** Null when no member says its version. */
export function lowestVersion(members: readonly MemberStatus[]): string | undefined {
  return members
    .map(({ version }) => version)
    .filter((version) => version !== undefined)
    .sort(compareVersions)[0];
}

/** By its numbers; a pre-release is before the release. */
function compareVersions(a: string, b: string): number {
  const [coreA = '', preA] = a.split(/-(.*)/s);
  const [coreB = '', preB] = b.split(/-(.*)/s);
  return (
    coreA.localeCompare(coreB, 'en', { numeric: true }) ||
    (preA === undefined ? 1 : 0) - (preB === undefined ? 1 : 0) ||
    (preA ?? '').localeCompare(preB ?? '', 'en', { numeric: true })
  );
}
