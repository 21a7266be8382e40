/** What the members' comparison of their keys has come to: the alarm CORRUPT, with names instead of ids. */
import type { ApiCluster } from '../../client/types.ts';
import type { Comparison, Slot } from './types.ts';

/** What a mark holds in place of a member when no quorum says whose keys are wrong. */
const NOBODY_KNOWS_WHOSE = 0;

/**
 * As the member says that has applied the most: marks are made and lifted by entries, which others may not have yet.
 *
 * @param clusterId in status; without one, whoever is a member of any
 */
export function comparisonOf(
  slots: readonly Slot[],
  clusterId: string | undefined,
  configuration: ApiCluster | null,
): Comparison {
  const told = slots.flatMap(({ report }) =>
    report?.kind === 'Answered' &&
    report.status.state === 'Member' &&
    report.status.corrupt_members !== undefined &&
    (clusterId === undefined || report.status.cluster_id === clusterId)
      ? [report.status]
      : [],
  );
  const [newest] = told.sort((a, b) => (b.applied ?? 0) - (a.applied ?? 0));
  if (newest?.corrupt_members === undefined) return { kind: 'NotTold' };
  const marks = newest.corrupt_members;
  if (marks.length === 0) return { kind: 'Equal' };
  const known = [...(configuration?.members ?? []), ...(newest.members ?? [])];
  const nameOf = (id: number): string => known.find((member) => member.id === id)?.name || `member ${id}`;
  return {
    kind: 'Differs',
    members: marks.filter((id) => id !== NOBODY_KNOWS_WHOSE).map(nameOf),
    isDecided: !marks.includes(NOBODY_KNOWS_WHOSE),
  };
}
