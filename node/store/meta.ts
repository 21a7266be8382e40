/**
 * The store's own rows: how far it has applied and what its counters are (written with every batch, in the same
 * atomic write as the data), and who the cluster is.
 */
import type { AuthState } from './auth/state.ts';
import { readAuth } from './auth/state-codec.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readCorrupt } from './corrupt-members.ts';
import type { EngineOperation, EngineReader } from './engine.ts';
import { DamagedRecord } from './errors.ts';
import { readMembership, writeMembership } from './membership-codec.ts';
import { metaKey } from './row-keys.ts';
import type { Membership } from './types.ts';

/** Remembered answers of one period of leader time. */
export type AnswerCount = { readonly keys: number; readonly sizeBytes: number };

export type Applied = {
  readonly index: number;
  readonly term: number;
  readonly revision: number;
  readonly compactedRevision: number;
  readonly timeMs: number;
  readonly keyCount: number;
  readonly leaseCount: number;
  /** Number of the period of leader time that `answers[0]` counts; `answers[1]` is the one before. */
  readonly generation: number;
  readonly answers: readonly [AnswerCount, AnswerCount];
};

export type Cluster = { readonly clusterId: string; readonly format: number; readonly membership: Membership };

export type Meta = {
  readonly applied: Applied;
  readonly cluster: Cluster;
  readonly auth: AuthState;
  /** See `MarkCorrupt`; in order. */
  readonly corrupt: readonly number[];
};

const VERSION = 1;
const APPLIED = metaKey('applied');
const CLUSTER = metaKey('cluster');

export const appliedRowKey: Buffer = APPLIED;

export async function readMeta(engine: EngineReader): Promise<Meta> {
  const [applied, cluster] = await engine.getMany([APPLIED, CLUSTER]);
  if (!applied || !cluster)
    throw new DamagedRecord('the state has no rows of its own: it was never founded or restored');
  return {
    applied: decodeApplied(applied),
    cluster: decodeCluster(cluster),
    auth: await readAuth(engine),
    corrupt: await readCorrupt(engine),
  };
}

export function putApplied(applied: Applied): EngineOperation {
  const writer = new ByteWriter(64);
  writer.u8(VERSION);
  writer.varint(applied.index);
  writer.varint(applied.term);
  writer.varint(applied.revision);
  writer.varint(applied.compactedRevision);
  writer.varint(applied.timeMs);
  writer.varint(applied.keyCount);
  writer.varint(applied.leaseCount);
  writer.varint(applied.generation);
  for (const count of applied.answers) {
    writer.varint(count.keys);
    writer.varint(count.sizeBytes);
  }
  return { kind: 'Put', key: APPLIED, value: writer.finish() };
}

export function putCluster(cluster: Cluster): EngineOperation {
  const writer = new ByteWriter(256);
  writer.u8(VERSION);
  writer.text(cluster.clusterId);
  writer.varint(cluster.format);
  writeMembership(writer, cluster.membership);
  return { kind: 'Put', key: CLUSTER, value: writer.finish() };
}

export function decodeApplied(row: Buffer): Applied {
  const reader = versioned(row);
  const applied: Applied = {
    index: reader.varint(),
    term: reader.varint(),
    revision: reader.varint(),
    compactedRevision: reader.varint(),
    timeMs: reader.varint(),
    keyCount: reader.varint(),
    leaseCount: reader.varint(),
    generation: reader.varint(),
    answers: [readCount(reader), readCount(reader)],
  };
  reader.end();
  return applied;
}

function decodeCluster(row: Buffer): Cluster {
  const reader = versioned(row);
  const cluster = { clusterId: reader.text(), format: reader.varint(), membership: readMembership(reader) };
  reader.end();
  return cluster;
}

function readCount(reader: ByteReader): AnswerCount {
  return { keys: reader.varint(), sizeBytes: reader.varint() };
}

function versioned(row: Buffer): ByteReader {
  const reader = new ByteReader(row);
  const version = reader.u8();
  if (version !== VERSION)
    throw new DamagedRecord(`a row of the store itself has version ${version}, this build knows ${VERSION}`);
  return reader;
}
