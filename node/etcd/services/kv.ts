/** `etcdserverpb.KV`. */
import type { Command, RangeResult } from '../../store/types.ts';
import { validate } from '../../store/validate.ts';
import type { EtcdContext } from '../context.ts';
import { errorOfCode, etcdError } from '../errors.ts';
import type { Call } from '../grpc/call.ts';
import { type Methods, serverStream, unary } from '../grpc/method.ts';
import { encodeHeader } from '../proto/header.ts';
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  type RangeRequest,
} from '../proto/kv-requests.ts';
import {
  type Answer,
  encodeDeleteRangeResponse,
  encodePutResponse,
  encodeRangePart,
  encodeRangeResponse,
  encodeTxnResponse,
} from '../proto/kv-responses.ts';
import { payloadBytes, toCompact, toDeleteRange, toPut, toRange, toTxn } from './kv-commands.ts';
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
      const result = await write(etcd, checked(etcd, toTxn(request, etcd.limits.maxTxnOperations)), 'Txn', call);
      return { header: etcd.header(result.revision), result };
    }),
    '/etcdserverpb.KV/Compact': unary(decodeCompactionRequest, encodeHeader, async ({ revision }, call) => {
      const result = await write(etcd, toCompact(revision), 'Compact', call);
      return etcd.header(result.revision);
    }),
  };
}

async function range(etcd: EtcdContext, request: RangeRequest, call: Call): Promise<Answer<RangeResult>> {
  const { member } = etcd;
  const consistency = request.serializable ? 'serializable' : 'linearizable';
  if (consistency === 'linearizable' && member.position().isLearner) throw etcdError('notForLearner');
  const result = await member.range(toRange(request), { timeoutMs: call.timeoutMs, consistency });
  return { header: etcd.header(result.revision), result };
}

/** Before it takes room in the log; there it would come to the same. */
function checked<C extends Command>(etcd: EtcdContext, command: C): C {
  if (payloadBytes(command) > etcd.limits.maxRequestBytes) throw etcdError('requestTooLarge');
  const refusal = validate(command);
  if (refusal !== null) throw errorOfCode(refusal.code, refusal.message);
  return command;
}
