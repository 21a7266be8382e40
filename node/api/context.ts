/** What the routes are given: the member, the limits, and what watches over the requests. */
import type { ApiStatus, ApiVersion } from '../../client/types.ts';
import type { Tokens } from '../server/auth-token.ts';
import type { Member } from '../server/types.ts';
import type { AdminAuth } from './admin-auth.ts';
import type { Admission } from './admission.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Drain } from './drain.ts';
import type { OpenStreams } from './event-stream.ts';
import type { OptionDefaults } from './request-options.ts';

export type ApiLimits = {
  /** The most that one value may have, and all keys and values of one transaction together. */
  readonly maxValueBytes: number;
  /** As etcd counts them: compares, and the operations of each branch with what they nest. */
  readonly maxTxnOperations: number;
  /** The largest JSON body; above `maxValueBytes`, because base64 and escapes take room. */
  readonly maxJsonBytes: number;
  readonly maxRequestsInFlight: number;
  /** The most that all request bodies being worked on may have. */
  readonly maxBufferedBytes: number;
  /** Watches and event streams together. */
  readonly maxStreams: number;
  readonly maxSnapshotStreams: number;
  readonly maxPageItems: number;
  /** A page of a range ends with the item that reaches this; its cursor goes on. */
  readonly maxPageBytes: number;
  readonly defaultTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** A comment goes out on every quiet event stream, so that proxies keep it and dead clients are found. */
  readonly heartbeatIntervalMs: number;
  /** How often a viewer of /v1/events sees every member anew. */
  readonly viewIntervalMs: number;
};

const mebibyte = 1024 * 1024;

export const defaultApiLimits: ApiLimits = {
  maxValueBytes: 1.5 * mebibyte,
  maxTxnOperations: 128,
  maxJsonBytes: 2.5 * mebibyte,
  maxRequestsInFlight: 5000,
  maxBufferedBytes: 128 * mebibyte,
  maxStreams: 10_000,
  maxSnapshotStreams: 2,
  maxPageItems: 10_000,
  maxPageBytes: 4 * mebibyte,
  defaultTimeoutMs: 5000,
  maxTimeoutMs: 60_000,
  heartbeatIntervalMs: 15_000,
  viewIntervalMs: 250,
};

/** What of node/metrics the API fills and shows. */
export type HttpMetrics = {
  /** `route` is a template such as `/v1/kv/:key`: the number of series stays bounded. */
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  /** The text of `GET /metrics` in the Prometheus exposition format. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
};

/** Lines of the member's log, by the name of the event. */
export type ApiLogger = { error(fields: object, event: string): void };

export type HttpApiOptions = {
  readonly member: Member;
  readonly metrics: HttpMetrics;
  readonly adminAuth: AdminAuth;
  readonly tokens: Tokens;
  readonly limits: ApiLimits;
  readonly logger: ApiLogger;
  readonly version: ApiVersion;
  readonly drain: Drain;
  /** Reads another member's status from its client port, for the page that shows them all. */
  readonly statusOf: (clientUrl: string, timeoutMs: number) => Promise<ApiStatus>;
};

export type ApiContext = HttpApiOptions & {
  readonly defaults: OptionDefaults;
  readonly admission: Admission;
  readonly streams: OpenStreams;
  readonly clusterView: ClusterView;
};
