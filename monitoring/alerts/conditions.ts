/** Conditions of RaftClusters, as the operator reports them. */
import { series } from './series.ts';

/**
 * 1 for each cluster whose condition has this status; nothing for the others. The leading operator alone reports them; the
 * largest of two is taken, for the moment in which the lead changes.
 *
 * @param labels as for `Alert.expr`
 * @param wanted reasons for which it is so because somebody asked for it: nobody is told
 */
export function condition(
  type: string,
  status: 'True' | 'False' | 'Unknown',
  labels: string,
  wanted: readonly string[] = [],
): string {
  const matchers = [
    `type="${type}"`,
    `status="${status}"`,
    ...(wanted.length === 0 ? [] : [`reason!~"${wanted.join('|')}"`]),
  ];
  return `max by (namespace, name) (${series('quorate_operator_cluster_condition', labels, ...matchers)})`;
}
