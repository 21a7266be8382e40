/** Reads the present state of all RaftClusters into the gauges, once a scrape. */

import type { Cache, KubeObject } from './kube/types.ts';
import type { OperatorMetrics } from './metrics.ts';
import type { Caches } from './observe/source.ts';

export function collectClusters(metrics: OperatorMetrics, { clusters }: Caches, isLeader: boolean): void {
  metrics.leader.set(isLeader ? 1 : 0);
  metrics.clusters.reset();
  metrics.clusterCondition.reset();
  metrics.members.reset();
  metrics.certificateExpiry.reset();
  // Operators that only wait for the lease would count every cluster once more, so they count none.
  if (!isLeader) return;
  for (const state of ['True', 'False', 'Unknown']) metrics.clusters.set({ state }, 0);
  for (const { metadata, status } of clusters.list()) {
    const { namespace = '', name } = metadata;
    const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
    metrics.clusters.inc({ state: ready });
    for (const { type, status: holds, reason } of status?.conditions ?? []) {
      metrics.clusterCondition.set({ namespace, name, type, status: holds, reason }, 1);
    }
    for (const { role, ready: isReady } of status?.members ?? []) metrics.members.inc({ role, ready: String(isReady) });
    for (const certificate of status?.certificates ?? []) {
      const labels = { namespace, name, certificate: certificate.name };
      metrics.certificateExpiry.set(labels, Date.parse(certificate.notAfter) / 1000);
    }
  }
}

export function collectCaches(metrics: OperatorMetrics, caches: readonly Cache<KubeObject>[], nowMs: number): void {
  for (const { kind, lastContactMs } of caches) {
    if (Number.isFinite(lastContactMs)) {
      metrics.cacheContactAgeSeconds.set({ kind: kind.kind }, (nowMs - lastContactMs) / 1000);
    }
  }
}
