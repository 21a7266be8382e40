/** What the comparison asks of a cluster, whoever serves it. */
import type { ChildProcess } from 'node:child_process';
import { Etcd3 } from 'etcd3';
import { until } from '../../test/processes/local-cluster.ts';

export type MemberProcess = {
  /** `host:port` of its client port. */
  readonly endpoint: string;
  readonly process: () => ChildProcess;
  /** With the data that it has. */
  readonly restart: () => void;
};

/** Three members on this machine, on the disk of the temporary folder, every write synced. */
export type RunningCluster = {
  readonly members: readonly MemberProcess[];
  readonly stop: () => Promise<void>;
};

export type System = { readonly name: string; readonly start: () => Promise<RunningCluster> };

export async function leaderOf({ members }: RunningCluster): Promise<MemberProcess> {
  return until('a leader', async () => {
    for (const member of members) {
      const status = await withClient(member, (etcd) => etcd.maintenance.status()).catch(() => null);
      if (status !== null && status.leader === status.header.member_id) return member;
    }
    return null;
  });
}

export async function withClient<T>(member: MemberProcess, use: (etcd: Etcd3) => Promise<T>): Promise<T> {
  const etcd = new Etcd3({
    hosts: `http://${member.endpoint}`,
    grpcOptions: { 'grpc.max_receive_message_length': -1 },
  });
  try {
    return await use(etcd);
  } finally {
    etcd.close();
  }
}
