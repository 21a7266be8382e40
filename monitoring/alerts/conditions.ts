/** Conditions of RaftClusters, as the operator reports them. */
import { series } from './series.ts';

/**
 * 1 for each cluster whose condition has this status; nothing for the others. The leading operator alone reports them; the
 * largest of two is taken, for the moment in which the lead changes.
 *
 * @param labels as for `Alert.expr`
 */
export function condition(type: string, status: 'True' | 'False' | 'Unknown', labels: string): string {
  const matchers = [`type="${type}"`, `status="${status}"`];
  return `max by (namespace, name) (${series('quorate_operator_cluster_condition', labels, ...matchers)})`;
}
