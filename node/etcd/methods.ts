/** Every method that this member serves, by its path. A service is one file of `services/` and one line here. */
import type { EtcdContext } from './context.ts';
import type { Methods } from './grpc/method.ts';
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
  const methods: Methods = {
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
  return methods;
}

function servicesOf(methods: Methods): readonly string[] {
  return [...new Set(Object.keys(methods).map((path) => path.split('/')[1]!))].sort();
}
