/**
 * Every setting of a member, once: the flags, the variables, the file's keys, the help and docs/settings.md all
 * come from this schema.
 */
import { z } from 'zod';
import { type AuthTokenSetting, authToken } from './auth-token.ts';
import {
  bool,
  durationMs,
  filePath,
  hostAndPort,
  integer,
  type NamedUrl,
  namedUrls,
  oneOf,
  sizeBytes,
  type TextType,
  textMatching,
  url,
  urls,
} from './values.ts';

export type About = {
  readonly group: Group;
  /** Without its dashes. The variable is made from it, the file's key is the same. */
  readonly flag: string;
  /** Stands for the value in the help; null for a flag that takes none. */
  readonly placeholder: string | null;
  /** As a user would write it; null when the setting is unset unless given. */
  readonly fallback: string | null;
  readonly help: string;
};

export type Group =
  | 'Identity and addresses'
  | 'Forming and joining'
  | 'Timing'
  | 'Limits'
  | 'Disk'
  | 'Security'
  | 'Operation';

const about: z.core.$ZodRegistry<About> = z.registry<About>();

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

type Words = { readonly help: string; readonly placeholder?: string | null };

function always<T>(type: TextType<T>, group: Group, flag: string, fallback: string, words: Words): TextType<T> {
  return type.clone().register(about, { group, flag, fallback, placeholder: 'VALUE', ...words });
}

/** Null unless given. */
function maybe<T>(type: TextType<T>, group: Group, flag: string, words: Words): z.ZodType<T | null> {
  return type.nullable().register(about, { group, flag, fallback: null, placeholder: 'VALUE', ...words });
}

const name = textMatching(
  /^(?:[\w.-]|\{\{[^{}]+\}\}){1,128}$/,
  'letters, digits, ".", "_" and "-", or a template such as {{hostname}}',
);

const prestopKey = textMatching(/^[\w-]{8,128}$/, '8 to 128 letters, digits, "_" and "-"');

/** Validated one by one; how they fit together is the business of config.ts. */
export type Settings = {
  readonly name: string;
  readonly dataDir: string;
  readonly listenClient: string;
  readonly listenPeer: string;
  readonly listenHealth: string | null;
  readonly advertiseClientUrl: string | null;
  readonly advertisePeer: string | null;
  readonly initialCluster: readonly NamedUrl[] | null;
  readonly bootstrapExpect: number | null;
  readonly join: readonly string[] | null;
  readonly replace: number | null;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly watchProgressIntervalMs: number;
  readonly stopTimeoutMs: number;
  readonly prestopTimeoutMs: number;
  readonly prestopKey: string | null;
  readonly maxRequestBytes: number;
  readonly maxTxnOperations: number;
  readonly maxProposalsInFlight: number;
  readonly maxProposalBytesInFlight: number;
  readonly maxUncommittedBytes: number;
  readonly maxEntriesBytesPerMessage: number;
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly watcherQueueBytes: number;
  readonly snapshotBytesPerSecond: number;
  readonly maxLogBytes: number;
  readonly logTailBytes: number;
  readonly minFreeBytes: number;
  readonly resumeFreeBytes: number;
  readonly historyRetentionMs: number;
  readonly peerTlsCert: string | null;
  readonly peerTlsKey: string | null;
  readonly peerTlsCa: string | null;
  readonly clientTlsCert: string | null;
  readonly clientTlsKey: string | null;
  readonly clientTlsCa: string | null;
  readonly clientTlsRequireClientCert: boolean;
  readonly adminTokenFile: string | null;
  readonly authToken: AuthTokenSetting;
  readonly logLevel: LogLevel;
  readonly terminationLog: string;
};

export type SettingName = keyof Settings;

type Shape = { readonly [Name in SettingName]: z.ZodType<Settings[Name]> };

const shape: Shape = {
  name: always(name, 'Identity and addresses', 'name', '{{hostname}}', {
    placeholder: 'NAME',
    help: 'Name of this member, unique in its cluster.',
  }),
  dataDir: always(filePath, 'Identity and addresses', 'data-dir', 'quorate-data', {
    placeholder: 'FOLDER',
    help: 'Where the log, the store and the identity of this member are kept.',
  }),
  listenClient: always(hostAndPort, 'Identity and addresses', 'listen-client', '127.0.0.1:2379', {
    placeholder: 'HOST:PORT',
    help: 'Where clients are served.',
  }),
  listenPeer: always(hostAndPort, 'Identity and addresses', 'listen-peer', '127.0.0.1:2380', {
    placeholder: 'HOST:PORT',
    help: 'Where the other members are served.',
  }),
  listenHealth: maybe(hostAndPort, 'Identity and addresses', 'listen-health', {
    placeholder: 'HOST:PORT',
    help: 'Where /livez, /readyz, /metrics and /prestop are also served, always as plain HTTP: for supervisors and monitoring that have no client certificate.',
  }),
  advertiseClientUrl: maybe(url, 'Identity and addresses', 'advertise-client-url', {
    placeholder: 'URL',
    help: 'How clients reach this member. Made from --listen-client when not given.',
  }),
  advertisePeer: maybe(hostAndPort, 'Identity and addresses', 'advertise-peer', {
    placeholder: 'HOST:PORT',
    help: 'How the other members reach this one. It is resolved again at each connect. The same as --listen-peer when not given.',
  }),

  initialCluster: maybe(namedUrls, 'Forming and joining', 'initial-cluster', {
    placeholder: 'NAME=URL,…',
    help: 'Form a cluster of exactly these members, by name and client URL. All must be reachable, empty and name the same.',
  }),
  bootstrapExpect: maybe(integer(1, 7), 'Forming and joining', 'bootstrap-expect', {
    placeholder: 'COUNT',
    help: 'Form a cluster, once, when this many empty members have found each other through --join.',
  }),
  join: maybe(urls, 'Forming and joining', 'join', {
    placeholder: 'URL,…',
    help: 'Client URLs of a running cluster to join, as a learner first; or, with --bootstrap-expect, of the members to form one with.',
  }),
  replace: maybe(integer(1, 2 ** 53 - 1), 'Forming and joining', 'replace', {
    placeholder: 'ID',
    help: 'With --join: take the place of this member, which has lost its data. It is removed first.',
  }),

  heartbeatIntervalMs: always(durationMs('5ms', '10s'), 'Timing', 'heartbeat-interval', '100ms', {
    placeholder: 'TIME',
    help: 'How often a leader lets its followers know.',
  }),
  electionTimeoutMs: always(durationMs('50ms', '60s'), 'Timing', 'election-timeout', '1s', {
    placeholder: 'TIME',
    help: 'How long a follower waits without a leader before it stands for election; at least 3 heartbeat intervals. Give all members the same.',
  }),
  requestTimeoutMs: always(durationMs('100ms', '10m'), 'Timing', 'request-timeout', '5s', {
    placeholder: 'TIME',
    help: 'How long a request may take when it does not say so itself with ?timeout=.',
  }),
  watchProgressIntervalMs: always(durationMs('100ms', '1h'), 'Timing', 'watch-progress-notify-interval', '5s', {
    placeholder: 'TIME',
    help: 'How often a quiet watch of the etcd API that asked for it (progress_notify) hears how far it is. etcd: 10m; what reads from a cache, as kube-apiserver does, wants seconds.',
  }),
  stopTimeoutMs: always(durationMs('0', '10m'), 'Timing', 'stop-timeout', '10s', {
    placeholder: 'TIME',
    help: 'How long a clean stop may take: handing over leadership, finishing what was accepted, closing.',
  }),
  prestopTimeoutMs: always(durationMs('0', '10m'), 'Timing', 'prestop-timeout', '30s', {
    placeholder: 'TIME',
    help: 'How long /prestop on --listen-health waits at most while the cluster has no quorum without this member. A pod needs a longer grace period than this and --stop-timeout together.',
  }),
  prestopKey: maybe(prestopKey, 'Timing', 'prestop-key', {
    placeholder: 'KEY',
    help: 'Moves /prestop on --listen-health to /prestop/KEY. Without a key, whoever reaches that port can take this member out of its Services.',
  }),

  maxRequestBytes: always(sizeBytes('1KiB', '64MiB'), 'Limits', 'max-request-size', '1.5MiB', {
    placeholder: 'SIZE',
    help: 'Largest value or transaction. Larger ones are answered 413.',
  }),
  maxTxnOperations: always(integer(1, 128), 'Limits', 'max-txn-operations', '128', {
    placeholder: 'COUNT',
    help: 'Comparisons, and operations of each branch, that a transaction may have.',
  }),
  maxProposalsInFlight: always(integer(1, 1_000_000), 'Limits', 'max-writes-in-flight', '10000', {
    placeholder: 'COUNT',
    help: 'Writes that may wait for their answer on this member. More are answered 429.',
  }),
  maxProposalBytesInFlight: always(sizeBytes('64KiB', '4GiB'), 'Limits', 'max-writes-in-flight-size', '64MiB', {
    placeholder: 'SIZE',
    help: 'The same, by their size.',
  }),
  maxUncommittedBytes: always(sizeBytes('64KiB', '4GiB'), 'Limits', 'max-uncommitted-size', '64MiB', {
    placeholder: 'SIZE',
    help: 'Writes that a leader accepts while they wait for a quorum; and, counted apart, committed ones that wait to be applied. More is answered 429.',
  }),
  maxEntriesBytesPerMessage: always(sizeBytes('4KiB', '64MiB'), 'Limits', 'max-append-size', '1MiB', {
    placeholder: 'SIZE',
    help: 'Entries that a leader puts into one message.',
  }),
  maxInflightMessages: always(integer(1, 100_000), 'Limits', 'max-appends-in-flight', '256', {
    placeholder: 'COUNT',
    help: 'Messages with entries that a leader sends to a follower before it has acknowledged the first.',
  }),
  maxInflightBytes: always(sizeBytes('64KiB', '4GiB'), 'Limits', 'max-appends-in-flight-size', '32MiB', {
    placeholder: 'SIZE',
    help: 'The same, by their size.',
  }),
  watcherQueueBytes: always(sizeBytes('64KiB', '1GiB'), 'Limits', 'watcher-queue-size', '1MiB', {
    placeholder: 'SIZE',
    help: 'Events kept in memory for one slow watcher; past that it is served from history.',
  }),
  snapshotBytesPerSecond: always(sizeBytes('0', '100GB'), 'Limits', 'snapshot-rate', '64MiB', {
    placeholder: 'SIZE',
    help: 'Bytes per second of a snapshot that is sent to another member; 0 is no limit.',
  }),

  maxLogBytes: always(sizeBytes('1MiB', '64GiB'), 'Disk', 'max-log-size', '16MiB', {
    placeholder: 'SIZE',
    help: 'The log is cut when it holds more than this.',
  }),
  logTailBytes: always(sizeBytes('0', '64GiB'), 'Disk', 'log-tail-size', '4MiB', {
    placeholder: 'SIZE',
    help: 'What a cut leaves, so that a slow follower needs no snapshot. Below --max-log-size.',
  }),
  minFreeBytes: always(sizeBytes('0', '1TiB'), 'Disk', 'min-free-space', '256MiB', {
    placeholder: 'SIZE',
    help: 'With less space than this on the disk, writes that grow the store are refused with 507.',
  }),
  resumeFreeBytes: always(sizeBytes('0', '1TiB'), 'Disk', 'resume-free-space', '384MiB', {
    placeholder: 'SIZE',
    help: 'With more space than this they are accepted again. Not below --min-free-space.',
  }),
  historyRetentionMs: always(durationMs('0', '3650d'), 'Disk', 'auto-compaction-retention', '1h', {
    placeholder: 'TIME',
    help: 'How long old revisions are kept for reads and watches of the past; 0 keeps all until someone compacts.',
  }),

  peerTlsCert: maybe(filePath, 'Security', 'peer-tls-cert', {
    placeholder: 'FILE',
    help: 'Certificate (PEM) that this member shows to the others. Files of certificates are read again when they change.',
  }),
  peerTlsKey: maybe(filePath, 'Security', 'peer-tls-key', { placeholder: 'FILE', help: 'Its private key.' }),
  peerTlsCa: maybe(filePath, 'Security', 'peer-tls-ca', {
    placeholder: 'FILE',
    help: 'Authorities that the certificates of the other members must come from.',
  }),
  clientTlsCert: maybe(filePath, 'Security', 'client-tls-cert', {
    placeholder: 'FILE',
    help: 'Certificate (PEM) that this member shows to clients. With it the client port speaks https.',
  }),
  clientTlsKey: maybe(filePath, 'Security', 'client-tls-key', { placeholder: 'FILE', help: 'Its private key.' }),
  clientTlsCa: maybe(filePath, 'Security', 'client-tls-ca', {
    placeholder: 'FILE',
    help: 'Authorities of the certificates of clients. A client that shows one from them may make administrative calls.',
  }),
  clientTlsRequireClientCert: always(bool, 'Security', 'client-tls-require-client-cert', 'false', {
    placeholder: null,
    help: 'Refuse clients without a certificate from --client-tls-ca.',
  }),
  adminTokenFile: maybe(filePath, 'Security', 'admin-token-file', {
    placeholder: 'FILE',
    help: 'File with the token that administrative calls must carry. It is read again when it changes.',
  }),
  authToken: always(authToken, 'Security', 'auth-token', 'simple', {
    placeholder: 'KIND',
    help: 'How tokens of users are signed: simple, by a key that the cluster keeps itself; or, as in etcd, jwt,sign-method=METHOD,pub-key=FILE,priv-key=FILE,ttl=TIME, where METHOD is RS256, ES256, EdDSA, HS256 or the like, and TIME 5m unless given. With pub-key alone a member verifies only. Give all members the same kind.',
  }),

  logLevel: always(oneOf(logLevels), 'Operation', 'log-level', 'info', {
    placeholder: 'LEVEL',
    help: 'Least level of the log lines (JSON, on standard error).',
  }),
  terminationLog: always(filePath, 'Operation', 'termination-log', '/dev/termination-log', {
    placeholder: 'FILE',
    help: 'Where the reason is written when the data is damaged, if the file exists (Kubernetes shows it).',
  }),
};

export const settings: z.ZodType<Settings> = z.strictObject(shape) as unknown as z.ZodType<Settings>;

export const settingNames: readonly SettingName[] = Object.keys(shape) as SettingName[];

export function aboutSetting(setting: SettingName): About {
  return about.get(shape[setting])!;
}

/** Where the file with settings is; known before any of the others. */
export const configFile: About = {
  group: 'Operation',
  flag: 'config',
  placeholder: 'FILE',
  fallback: null,
  help: 'YAML file with settings, each under the name of its flag. A variable wins over the file, a flag over both.',
};

/** The environment variable of a flag. */
export function variableOf(flag: string): string {
  return `QUORATE_${flag.toUpperCase().replaceAll('-', '_')}`;
}
