/** The version of a cluster as a whole: during an upgrade, the lowest one that a member still runs. */
import type { MemberStatus } from '../api/types.ts';

/** Undefined if no member has reported its version. */
export function lowestVersion(members: readonly MemberStatus[]): string | undefined {
  return members
    .map(({ version }) => version)
    .filter((version) => version !== undefined)
    .sort(compareVersions)[0];
}

/** Compares the numbers in the versions; a pre-release comes before its release. */
function compareVersions(a: string, b: string): number {
  const [coreA = '', preA] = a.split(/-(.*)/s);
  const [coreB = '', preB] = b.split(/-(.*)/s);
  return (
    coreA.localeCompare(coreB, 'en', { numeric: true }) ||
    (preA === undefined ? 1 : 0) - (preB === undefined ? 1 : 0) ||
    (preA ?? '').localeCompare(preB ?? '', 'en', { numeric: true })
  );
}
