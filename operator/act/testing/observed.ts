/** A cluster of three that is well, as `observe` would show it. */
import type { ApiStatus } from '../../../client/types.ts';
import { raftClusterSpec } from '../../api/spec.ts';
import type { Members } from '../../members/types.ts';
import type { Observed } from '../../observe/types.ts';

export const clusterId = 'c1';

export function observedCluster(change: Partial<Observed> = {}): Observed {
  const names = ['db-0', 'db-1', 'db-2'];
  const members = names.map((name, index) => ({
    id: index + 1,
    name,
    peer_address: `${name}:2380`,
    incarnation: `inc-${index}`,
    role: 'Voter' as const,
  }));
  return {
    nowMs: 0,
    cluster: {
      apiVersion: 'quorate.dev/v1',
      kind: 'RaftCluster',
      metadata: {
        name: 'db',
        namespace: 'ns',
        uid: 'cluster-uid',
        resourceVersion: '7',
        generation: 1,
        creationTimestamp: '2026-01-01T00:00:00Z',
        finalizers: ['other/finalizer', 'quorate.dev/volumes'],
      },
      spec: raftClusterSpec.parse({}),
      status: { clusterID: clusterId },
    },
    operatorImage: 'quorate:1',
    templateHashes: { Voters: 'v', Readers: 'r' },
    sets: { Voters: null, Readers: null },
    slots: names.map((name, ordinal) => ({
      set: 'Voters',
      ordinal,
      name,
      peerAddress: `${name}:2380`,
      pod: null,
      volume: null,
      report: { kind: 'Answered', status: statusOf(name, ordinal === 1) },
    })),
    configuration: { cluster_id: clusterId, config_index: 9, members },
    configurationError: null,
    comparison: { kind: 'Equal' },
    pdb: null,
    refused: [],
    isNamespaceTerminating: false,
    rollingElsewhere: null,
    hasPodMonitors: false,
    hasPrometheusRules: false,
    hasGrafanaDashboards: false,
    chartBringsAlerts: false,
    ...change,
  };
}

export function statusOf(name: string, isLeader: boolean): ApiStatus {
  return {
    name,
    incarnation: `inc of ${name}`,
    peer_address: `${name}:2380`,
    client_url: '',
    version: '1.0.0',
    format: 1,
    state: 'Member',
    cluster_id: clusterId,
    role: isLeader ? 'Leader' : 'Follower',
    term: 2,
    leader: 2,
    uptime_seconds: 1,
  };
}

/** Members that note each call, as its name and arguments, and answer with what `answers` has for it. */
export function recordingMembers(
  calls: unknown[][],
  answers: Partial<Record<keyof Members, (...args: unknown[]) => unknown>> = {},
): Members {
  return new Proxy({} as Members, {
    get:
      (_, method: keyof Members) =>
      async (...args: unknown[]) => {
        calls.push([method, ...args]);
        return answers[method]?.(...args);
      },
  });
}
