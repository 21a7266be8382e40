/** One way for every service to change something: limits, the proposal, and what was refused in etcd's words. */
import type { Command, Failed, Result } from '../../store/types.ts';
import type { EtcdContext } from '../context.ts';
import { errorOfCode } from '../errors.ts';
import type { Call } from '../grpc/call.ts';

type Kind = Exclude<Result, Failed>['kind'];
type ResultOf<K extends Kind> = Extract<Result, { readonly kind: K }>;

/**
 * @param kind of the result that this command has
 * @throws GrpcError where nothing was changed, RequestError
 */
export async function write<K extends Kind>(
  etcd: EtcdContext,
  command: Command,
  kind: K,
  call: Call,
): Promise<ResultOf<K>> {
  const result = await etcd.memberOf(call).propose(command, { timeoutMs: call.timeoutMs });
  if (result.kind === 'Failed') throw errorOfCode(result.code, result.message);
  if (result.kind !== kind) throw new Error(`a ${command.kind} was answered with ${result.kind}`);
  return result as ResultOf<K>;
}
