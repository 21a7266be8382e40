/** Every method that this member serves, by its path. A service is one file of `services/` and one line here. */
import type { EtcdContext } from './context.ts';
import type { Methods } from './grpc/method.ts';
import { kvMethods } from './services/kv.ts';
import { leaseMethods } from './services/lease.ts';
import { watchMethods } from './services/watch/watch.ts';

export function allMethods(etcd: EtcdContext): Methods {
  return {
    ...kvMethods(etcd),
    ...leaseMethods(etcd),
    ...watchMethods(etcd),
  };
}
