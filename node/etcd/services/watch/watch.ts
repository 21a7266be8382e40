/** `etcdserverpb.Watch`. */
import type { EtcdContext } from '../../context.ts';
import { bidi, type Methods } from '../../grpc/method.ts';
import { decodeWatchRequest, encodeWatchResponse } from '../../proto/watch-codec.ts';
import { WatchStream } from './watch-stream.ts';

export function watchMethods(etcd: EtcdContext): Methods {
  return {
    '/etcdserverpb.Watch/Watch': bidi(decodeWatchRequest, encodeWatchResponse, (requests, call, send) =>
      new WatchStream(etcd, etcd.memberOf(call), send).serve(requests, call),
    ),
  };
}
