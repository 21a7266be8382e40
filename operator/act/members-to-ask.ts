/** To which members a call goes that needs a leader. */
import type { Observed } from '../observe/types.ts';

/** The names of the members of this cluster that answer, the leader first. Each of the others would forward the call. */
export function membersToAsk({ slots, cluster, configuration }: Observed): readonly string[] {
  const clusterId = configuration?.cluster_id ?? cluster.status.clusterID;
  const answering = slots.flatMap(({ name, report }) =>
    report?.kind === 'Answered' && report.status.state === 'Member' && report.status.cluster_id === clusterId
      ? [{ name, isLeader: report.status.role === 'Leader', term: report.status.term ?? 0 }]
      : [],
  );
  answering.sort((a, b) => Number(b.isLeader) - Number(a.isLeader) || b.term - a.term);
  return answering.map(({ name }) => name);
}
