/** `Maintenance.Status`: this member's own view, answered also while it serves nothing else. */
import type { EtcdContext } from '../../context.ts';
import type { HeaderMessage } from '../../proto/header.ts';
import { reflected } from '../../proto/reflected.ts';
import { type Alarm, alarmName, corruptAlarms, raisedAlarms } from './alarms.ts';

export const statusResponse = reflected<StatusResponse>('etcdserverpb.StatusResponse');

type StatusResponse = {
  readonly header: HeaderMessage;
  readonly version: string;
  readonly dbSize: number;
  readonly dbSizeInUse: number;
  readonly leader: number;
  readonly raftIndex: number;
  readonly raftTerm: number;
  readonly raftAppliedIndex: number;
  readonly errors: readonly string[];
  readonly isLearner: boolean;
  readonly storageVersion: string;
};

/** Whoever asks wants an answer now, not when there is a leader again. */
const ALARMS_TIMEOUT_MS = 500;

export async function status(etcd: EtcdContext): Promise<StatusResponse> {
  const own = await etcd.member.status();
  const errors = [...(await knownAlarms(etcd))];
  if (own.state !== 'Member') errors.push(own.message ?? `etcdserver: this member is ${own.state.toLowerCase()}`);
  else if (!own.leader) errors.push('etcdserver: no leader');
  const term = own.term ?? 0;
  const size = (own.db_size_bytes ?? 0) + (own.log_size_bytes ?? 0);
  return {
    header: {
      cluster_id: BigInt(`0x${own.cluster_id ?? '0'}`),
      member_id: BigInt(own.member_id ?? 0),
      revision: own.revision ?? 0,
      raft_term: term,
    },
    version: etcd.version,
    dbSize: size,
    // What RocksDB holds is what is in use: it gives back the rest by itself.
    dbSizeInUse: size,
    leader: own.leader ?? 0,
    raftIndex: own.commit ?? 0,
    raftTerm: term,
    raftAppliedIndex: own.applied ?? 0,
    errors,
    isLearner: own.role === 'Learner',
    storageVersion: etcd.version.replace(/\.\d+$/, '.0'),
  };
}

async function knownAlarms({ member }: EtcdContext): Promise<readonly string[]> {
  let alarms: readonly Alarm[];
  try {
    alarms = await raisedAlarms(member, ALARMS_TIMEOUT_MS);
  } catch {
    alarms = corruptAlarms(member);
  }
  return alarms.map((alarm) => `memberID:${alarm.memberID} alarm:${alarmName(alarm)} `);
}
