/** `etcdserverpb.KV`. */

import type { ReadOptions } from '../../server/types.ts';
import { isReadOnly } from '../../store/read-only.ts';
import type { Command, RangeResult, TxnResult } from '../../store/types.ts';
import { validate } from '../../store/validate.ts';
import type { EtcdContext } from '../context.ts';
import { errorOfCode, etcdError } from '../errors.ts';
import type { Call } from '../grpc/call.ts';
import { type Methods, serverStream, unary } from '../grpc/method.ts';
import { untilAborted } from '../grpc/until-aborted.ts';
import { encodeHeader, type Header } from '../proto/header.ts';
import {
  type CompactionRequest,
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  type RangeRequest,
  type TxnRequest,
} from '../proto/kv-requests.ts';
import {
  type Answer,
  encodeDeleteRangeResponse,
  encodePutResponse,
  encodeRangePart,
  encodeRangeResponse,
  encodeTxnResponse,
} from '../proto/kv-responses.ts';
import { isSerializable, payloadBytes, toCompact, toDeleteRange, toPut, toRange, toTxn } from './kv-commands.ts';
import { rangeStream } from './range-stream.ts';
import { write } from './write.ts';

export function kvMethods(etcd: EtcdContext): Methods {
  return {
    '/etcdserverpb.KV/Range': unary(decodeRangeRequest, encodeRangeResponse, (request, call) =>
      range(etcd, request, call),
    ),
    '/etcdserverpb.KV/RangeStream': serverStream(decodeRangeRequest, encodeRangePart, (request, call, send) =>
      rangeStream(etcd, request, call, send),
    ),
    '/etcdserverpb.KV/Put': unary(decodePutRequest, encodePutResponse, async (request, call) => {
      const result = await write(etcd, checked(etcd, toPut(request)), 'Put', call);
      return { header: etcd.header(result.revision), result };
    }),
    '/etcdserverpb.KV/DeleteRange': unary(
      decodeDeleteRangeRequest,
      encodeDeleteRangeResponse,
      async (request, call) => {
        const result = await write(etcd, checked(etcd, toDeleteRange(request)), 'DeleteRange', call);
        return { header: etcd.header(result.revision), result };
      },
    ),
    '/etcdserverpb.KV/Txn': unary(decodeTxnRequest, encodeTxnResponse, async (request, call) => {
      const result = await txn(etcd, request, call);
      return { header: etcd.header(result.revision), result };
    }),
    '/etcdserverpb.KV/Compact': unary(decodeCompactionRequest, encodeHeader, (request, call) =>
      compact(etcd, request, call),
    ),
  };
}

async function range(etcd: EtcdContext, request: RangeRequest, call: Call): Promise<Answer<RangeResult>> {
  const consistency = request.serializable ? 'serializable' : 'linearizable';
  if (consistency === 'linearizable') etcd.assertNotLearner();
  const result = await etcd.memberOf(call).range(toRange(request), readOptions(call, consistency));
  return { header: etcd.header(result.revision), result };
}

/** What only reads needs no entry in the log; it asks the quorum, unless all of it may be what this member has. */
async function txn(etcd: EtcdContext, request: TxnRequest, call: Call): Promise<TxnResult> {
  const command = checked(etcd, toTxn(request, etcd.limits.maxTxnOperations));
  const isRead = isReadOnly(command);
  const consistency = isRead && isSerializable(request) ? 'serializable' : 'linearizable';
  if (consistency === 'linearizable') etcd.assertNotLearner();
  if (!isRead) return write(etcd, command, 'Txn', call);
  const result = await etcd.memberOf(call).read(command, readOptions(call, consistency));
  if (result.kind === 'Failed') throw errorOfCode(result.code, result.message);
  return result;
}

function readOptions(call: Call, consistency: ReadOptions['consistency']): ReadOptions {
  return { timeoutMs: call.timeoutMs, consistency, isWanted: () => !call.isOver };
}

async function compact(etcd: EtcdContext, request: CompactionRequest, call: Call): Promise<Header> {
  const { revision } = await write(etcd, toCompact(request.revision), 'Compact', call);
  // Large histories take their time: as long as the caller has.
  if (request.physical) await untilAborted(etcd.memberOf(call).erased(), call);
  return etcd.header(revision);
}

/** Refuses a command before it takes room in the log, where it would come to the same. */
function checked<C extends Command>(etcd: EtcdContext, command: C): C {
  if (payloadBytes(command) > etcd.limits.maxRequestBytes) throw etcdError('requestTooLarge');
  const refusal = validate(command);
  if (refusal !== null) throw errorOfCode(refusal.code, refusal.message);
  return command;
}
