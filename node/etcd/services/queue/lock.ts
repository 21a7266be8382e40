/** `v3lockpb.Lock`: whoever has the head of the queue has the lock, for as long as its lease lives. */

import { rangeOf } from '../../../store/range-of.ts';
import type { LeaseId } from '../../../store/types.ts';
import type { EtcdContext } from '../../context.ts';
import type { Call } from '../../grpc/call.ts';
import { type Methods, unary } from '../../grpc/method.ts';
import { Code, GrpcError } from '../../grpc/status.ts';
import { type HeaderMessage, headerMessage } from '../../proto/header.ts';
import { reflected } from '../../proto/reflected.ts';
import { write } from '../write.ts';
import { leavePlace, takePlace, waitForHead } from './place.ts';

type LockRequest = { readonly name: Buffer; readonly lease: LeaseId };
type LockResponse = { readonly header: HeaderMessage; readonly key: Buffer };

const lockRequest = reflected<LockRequest>('v3lockpb.LockRequest');
const lockResponse = reflected<LockResponse>('v3lockpb.LockResponse');
const unlockRequest = reflected<{ readonly key: Buffer }>('v3lockpb.UnlockRequest');
const unlockResponse = reflected<{ readonly header: HeaderMessage }>('v3lockpb.UnlockResponse');

const NOTHING = Buffer.alloc(0);

export function lockMethods(etcd: EtcdContext): Methods {
  return {
    '/v3lockpb.Lock/Lock': unary(lockRequest.decode, lockResponse.encode, (request, call) => lock(etcd, request, call)),
    '/v3lockpb.Lock/Unlock': unary(unlockRequest.decode, unlockResponse.encode, async ({ key }, call) => {
      const command = { kind: 'DeleteRange', key, rangeEnd: null, returnPrevious: false } as const;
      const { revision } = await write(etcd, command, 'DeleteRange', call);
      return { header: headerMessage(etcd.header(revision)) };
    }),
  };
}

async function lock(etcd: EtcdContext, { name, lease }: LockRequest, call: Call): Promise<LockResponse> {
  const place = await takePlace(etcd, name, lease, NOTHING, call);
  try {
    await waitForHead(etcd, place, call);
  } catch (error) {
    // Nobody would ever give this place up, and all behind it would wait for its lease to end.
    await leavePlace(etcd, place, call).catch(() => undefined);
    throw error;
  }
  const { key } = place;
  const own = await etcd
    .memberOf(call)
    .range(rangeOf({ key, rangeEnd: null }), { timeoutMs: call.timeoutMs, consistency: 'linearizable' });
  if (own.items[0]?.createRevision !== place.revision) throw new GrpcError(Code.Unknown, 'mutex: session is expired');
  return { header: headerMessage(etcd.header(own.revision)), key };
}
