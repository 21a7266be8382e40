/** Every method that this member serves, by its path. A service is one file of `services/` and one line here. */
import type { EtcdContext } from './context.ts';
import type { Method, Methods } from './grpc/method.ts';
import { authMethods } from './services/auth/auth.ts';
import { clusterMethods } from './services/cluster.ts';
import { healthMethods } from './services/health.ts';
import { kvMethods } from './services/kv.ts';
import { leaseMethods } from './services/lease.ts';
import { maintenanceMethods } from './services/maintenance/maintenance.ts';
import { electionMethods } from './services/queue/election.ts';
import { lockMethods } from './services/queue/lock.ts';
import { reflectionMethods } from './services/reflection/reflection.ts';
import { watchMethods } from './services/watch/watch.ts';

export function allMethods(etcd: EtcdContext): Methods {
  // Health and reflection tell of all services, so of themselves too.
  const services = (): readonly string[] => servicesOf(methods);
  const methods: Record<string, Method> = {
    ...kvMethods(etcd),
    ...leaseMethods(etcd),
    ...watchMethods(etcd),
    ...clusterMethods(etcd),
    ...authMethods(etcd),
    ...maintenanceMethods(etcd),
    ...lockMethods(etcd),
    ...electionMethods(etcd),
    ...healthMethods(etcd, services),
    ...reflectionMethods(services),
  };
  for (const path of administrative) methods[path] = guarded(methods[path]!, etcd);
  for (const [path, method] of Object.entries(methods)) {
    if (!servedByLearners.has(path)) methods[path] = ofVoters(method, etcd);
  }
  return methods;
}

/**
 * A learner answers with what it has, and asks nobody. Of `KV` and `MemberList` that is what is asked for as not linearizable:
 * these look for themselves.
 */
const servedByLearners: ReadonlySet<string> = new Set([
  ...['Range', 'RangeStream', 'Txn'].map((name) => `/etcdserverpb.KV/${name}`),
  '/etcdserverpb.Cluster/MemberList',
  ...['Status', 'Hash', 'HashKV', 'Snapshot', 'Defragment'].map((name) => `/etcdserverpb.Maintenance/${name}`),
  ...['Check', 'Watch'].map((name) => `/grpc.health.v1.Health/${name}`),
  ...['v1', 'v1alpha'].map((version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`),
]);

function ofVoters(method: Method, etcd: EtcdContext): Method {
  switch (method.kind) {
    case 'Unary':
      return { kind: 'Unary', run: unlessLearner(etcd, method.run) };
    case 'AnswerEach':
      return { kind: 'AnswerEach', run: unlessLearner(etcd, method.run) };
    case 'ServerStream':
      return { kind: 'ServerStream', run: unlessLearner(etcd, method.run) };
    case 'Bidi':
      return { kind: 'Bidi', run: unlessLearner(etcd, method.run) };
  }
}

/** Makes no promise of its own: it is on the way of every write. */
function unlessLearner<Args extends unknown[], Answer>(
  etcd: EtcdContext,
  run: (...args: Args) => Promise<Answer>,
): (...args: Args) => Promise<Answer> {
  return (...args) => {
    try {
      etcd.assertNotLearner();
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return run(...args);
  };
}

/** What `/v1` guards in the same way, and everything that decides who may do what. */
const administrative: readonly string[] = [
  '/etcdserverpb.KV/Compact',
  ...['MemberAdd', 'MemberRemove', 'MemberUpdate', 'MemberPromote'].map((name) => `/etcdserverpb.Cluster/${name}`),
  ...['Defragment', 'Snapshot', 'MoveLeader', 'Downgrade'].map((name) => `/etcdserverpb.Maintenance/${name}`),
  ...['AuthEnable', 'AuthDisable'].map((name) => `/etcdserverpb.Auth/${name}`),
  ...['Add', 'Get', 'List', 'Delete', 'ChangePassword', 'GrantRole', 'RevokeRole'].map(
    (name) => `/etcdserverpb.Auth/User${name}`,
  ),
  ...['Add', 'Get', 'List', 'Delete', 'GrantPermission', 'RevokePermission'].map(
    (name) => `/etcdserverpb.Auth/Role${name}`,
  ),
];

function guarded(method: Method, etcd: EtcdContext): Method {
  switch (method.kind) {
    case 'Unary':
      return {
        kind: 'Unary',
        run: async (message, call) => {
          await etcd.assertAdministrator(call);
          return method.run(message, call);
        },
      };
    case 'ServerStream':
      return {
        kind: 'ServerStream',
        run: async (message, call, send) => {
          await etcd.assertAdministrator(call);
          return method.run(message, call, send);
        },
      };
    case 'AnswerEach':
    case 'Bidi':
      throw new Error('no administrative method is a stream in both directions');
  }
}

function servicesOf(methods: Methods): readonly string[] {
  return [...new Set(Object.keys(methods).map((path) => path.split('/')[1]!))].sort();
}
