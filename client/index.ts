/** `quorate/client`: everything that a program needs to use a cluster. On `fetch` alone. */
export type { Bytes } from './bytes.ts';
export type { CallOptions } from './caller.ts';
export { Client, createClient, type EndpointStatus } from './client.ts';
export { campaign } from './election.ts';
export { CompactedError, QuorateError, type QuorateErrorCode } from './errors.ts';
export { type FormOptions, type Founder, formCluster, foundingRecord } from './forming.ts';
export { type JoinOptions, type JoinProgress, joinCluster } from './joining.ts';
export { KeyValue } from './key-value.ts';
export type { HeldLease } from './lease.ts';
export { acquireLock, type Lock, type LockOptions, lockHolder } from './lock.ts';
export type {
  ClientOptions,
  Consistency,
  DeleteOptions,
  GetOptions,
  PutOptions,
  RangeOptions,
  WriteOptions,
} from './options.ts';
export type { Snapshot } from './snapshot.ts';
export {
  type Comparison,
  compare,
  type DeleteAnswer,
  operation,
  type PutAnswer,
  type RangePage,
  type TxnAnswer,
  type TxnResult,
} from './transaction.ts';
export type * from './types.ts';
export { apiHeaders } from './types.ts';
export { Watch, type WatchBatch, type WatchEvent, type WatchOptions } from './watch.ts';
