/** `Maintenance.Alarm`. NOSPACE follows the free space of the members' disks, and goes by itself when there is enough. */
import type { EtcdContext } from '../../context.ts';
import type { Call } from '../../grpc/call.ts';
import { Code, GrpcError } from '../../grpc/status.ts';
import { type HeaderMessage, headerMessage } from '../../proto/header.ts';
import { reflected } from '../../proto/reflected.ts';

export const alarmRequest = reflected<AlarmRequest>('etcdserverpb.AlarmRequest');
export const alarmResponse = reflected<AlarmResponse>('etcdserverpb.AlarmResponse');

type AlarmRequest = { readonly action: number; readonly memberID: bigint; readonly alarm: number };
export type Alarm = { readonly memberID: number; readonly alarm: number };
type AlarmResponse = { readonly header: HeaderMessage; readonly alarms: readonly Alarm[] };

const GET = 0;
const DEACTIVATE = 2;
const names = ['NONE', 'NOSPACE', 'CORRUPT'];
const NONE = 0;
const NOSPACE = 1;

export async function alarm(etcd: EtcdContext, request: AlarmRequest, call: Call): Promise<AlarmResponse> {
  const { action, memberID } = request;
  if (action === GET) etcd.memberOf(call).assertUser();
  else etcd.memberOf(call).assertRoot();
  const raised = await raisedAlarms(etcd, call.timeoutMs);
  if (action !== GET && action !== DEACTIVATE) {
    throw new GrpcError(Code.InvalidArgument, 'etcdserver: alarms are raised by what they tell of, not by request');
  }
  const alarms = raised.filter(
    (one) =>
      (request.alarm === NONE || one.alarm === request.alarm) &&
      (action !== GET || memberID === 0n || BigInt(one.memberID) === memberID),
  );
  // Free space alone takes NOSPACE away: to deactivate it changes nothing, and what was lifted is nothing.
  return { header: headerMessage(etcd.header()), alarms: action === GET ? alarms : [] };
}

export async function raisedAlarms(etcd: EtcdContext, timeoutMs: number): Promise<readonly Alarm[]> {
  const members = await etcd.member.membersWithoutSpace({ timeoutMs });
  return members.map((memberID) => ({ memberID, alarm: NOSPACE }));
}

export function alarmName({ alarm: kind }: Alarm): string {
  return names[kind]!;
}
