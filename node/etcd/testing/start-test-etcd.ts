/** The client port over a member without Raft, and a client for it. */
import type { TestContext } from 'node:test';
import { Drain } from '../../api/drain.ts';
import { startTestApi, type TestApi, type TestApiOptions } from '../../api/testing/start-test-api.ts';
import type { StoreMember } from '../../api/testing/store-member.ts';
import { SimpleTokens } from '../../server/auth-token.ts';
import { EtcdContext, type EtcdLimits, type EtcdOptions, fixedLimits } from '../context.ts';
import { createEtcdApi } from '../etcd-api.ts';
import { GrpcClient, type Message } from './grpc-client.ts';

export const testLimits: EtcdLimits = {
  ...fixedLimits,
  maxRequestBytes: 1.5 * 1024 * 1024,
  maxTxnOperations: 128,
  requestTimeoutMs: 5000,
  electionTimeoutMs: 1000,
  watchProgressIntervalMs: 5000,
};

export type TestEtcd = TestApi & {
  readonly client: GrpcClient;
  /** What the etcd API has logged: faults of ours. */
  readonly faults: { readonly fields: object; readonly event: string }[];
  /** Calls that have ended, as `path code`. */
  readonly calls: string[];
  /** A unary call of `etcdserverpb`, such as `call('KV/Put', 'PutRequest', { key })`. */
  call(path: string, requestType: string, request: Message): Promise<Message>;
};

export async function startTestEtcd(
  t: TestContext,
  limits: Partial<EtcdLimits> = {},
  options: TestApiOptions = {},
  assertAdmin: EtcdOptions['assertAdmin'] = async () => {},
): Promise<TestEtcd> {
  const faults: { fields: object; event: string }[] = [];
  const calls: string[] = [];
  const drain = options.drain ?? new Drain();
  const api = await startTestApi(t, {
    ...options,
    drain,
    http2: (member) =>
      createEtcdApi(
        {
          member,
          readiness: () => drain.readiness(member.readiness()),
          limits: { ...testLimits, ...limits },
          version: '3.5.21',
          peerScheme: 'http',
          assertAdmin,
          tokens: options.tokens ?? new SimpleTokens(),
          log: { error: (fields, event) => void faults.push({ fields, event }) },
          observe: (path, code) => void calls.push(`${path} ${code}`),
        },
        () => {},
      ).grpc,
  });
  const client = await GrpcClient.connect(t, api.url, { rejectUnauthorized: false });
  return {
    ...api,
    client,
    faults,
    calls,
    call: (path, requestType, request) =>
      client.call(
        `/etcdserverpb.${path}`,
        [`etcdserverpb.${requestType}`, `etcdserverpb.${requestType.replace(/Request$/, 'Response')}`],
        request,
      ),
  };
}

/** For looking at the table of methods. */
export function contextOf(member: StoreMember): EtcdContext {
  return new EtcdContext({
    member,
    readiness: () => member.readiness(),
    limits: testLimits,
    version: '',
    peerScheme: 'http',
    assertAdmin: async () => {},
    tokens: new SimpleTokens(),
    log: { error: () => undefined },
  });
}
