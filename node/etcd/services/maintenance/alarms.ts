/**
 * `Maintenance.Alarm`. NOSPACE follows the free space of the members' disks, and goes by itself when there is enough. CORRUPT
 * is raised when the leader finds that members hold different keys, and lifted by an administrator.
 */
import type { AuthorizedMember } from '../../../server/authorized-member.ts';
import type { Member } from '../../../server/types.ts';
import type { EtcdContext } from '../../context.ts';
import { errorOfCode } from '../../errors.ts';
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
const CORRUPT = 2;

export async function alarm(etcd: EtcdContext, request: AlarmRequest, call: Call): Promise<AlarmResponse> {
  const member = etcd.memberOf(call);
  const alarms = await answer(etcd, member, request, call);
  return { header: headerMessage(etcd.header()), alarms };
}

async function answer(
  etcd: EtcdContext,
  member: AuthorizedMember,
  request: AlarmRequest,
  call: Call,
): Promise<readonly Alarm[]> {
  switch (request.action) {
    case GET: {
      member.assertUser();
      await member.readBarrier({ timeoutMs: call.timeoutMs });
      const raised = await raisedAlarms(etcd.member, call.timeoutMs);
      const memberId = Number(request.memberID);
      return raised.filter((one) => isAsked(request, one.alarm) && (memberId === 0 || one.memberID === memberId));
    }
    case DEACTIVATE:
      member.assertRoot();
      await etcd.assertAdministrator(call);
      // NOSPACE cannot be lifted by a call, only by free space.
      if (!isAsked(request, CORRUPT) || request.memberID > Number.MAX_SAFE_INTEGER) return [];
      return liftCorrupt(member, Number(request.memberID), call);
    default:
      member.assertRoot();
      throw new GrpcError(Code.InvalidArgument, 'etcdserver: alarms are raised by what they tell of, not by request');
  }
}

async function liftCorrupt(member: AuthorizedMember, memberId: number, call: Call): Promise<readonly Alarm[]> {
  const command = { kind: 'MarkCorrupt', members: [memberId], isCorrupt: false } as const;
  const result = await member.propose(command, { timeoutMs: call.timeoutMs });
  if (result.kind === 'Failed') throw errorOfCode(result.code, result.message);
  if (result.kind !== 'Corrupt') throw new Error(`lifting the mark of a member resulted in ${result.kind}`);
  return result.members.map((memberID) => ({ memberID, alarm: CORRUPT }));
}

function isAsked(request: AlarmRequest, kind: number): boolean {
  return request.alarm === NONE || request.alarm === kind;
}

/** CORRUPT as this member has applied it, NOSPACE as the leader knows. */
export async function raisedAlarms(member: Member, timeoutMs: number): Promise<readonly Alarm[]> {
  const withoutSpace = await member.membersWithoutSpace({ timeoutMs });
  return [...withoutSpace.map((memberID) => ({ memberID, alarm: NOSPACE })), ...corruptAlarms(member)];
}

export function corruptAlarms(member: Member): readonly Alarm[] {
  return member.corruptMembers().map((memberID) => ({ memberID, alarm: CORRUPT }));
}

export function alarmName({ alarm: kind }: Alarm): string {
  return names[kind]!;
}
