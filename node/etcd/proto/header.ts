/** `etcdserverpb.ResponseHeader`, on every answer. */
import { ProtoWriter } from './writer.ts';

/** Who answers: the same for as long as this member belongs to its cluster. */
export type Identity = {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** The two fields as they are on the wire. */
  readonly encoded: Buffer;
};

export type Header = { readonly identity: Identity; readonly revision: number; readonly raftTerm: number };

export function identityOf(clusterId: bigint, memberId: bigint): Identity {
  const writer = new ProtoWriter();
  writer.bigint(2, memberId);
  writer.bigint(1, clusterId);
  return { clusterId, memberId, encoded: writer.finish() };
}

/** Field 1 of every answer. */
export function encodeHeader(writer: ProtoWriter, header: Header): void {
  const end = writer.position;
  writer.integer(4, header.raftTerm);
  writer.integer(3, header.revision);
  writer.raw(header.identity.encoded);
  writer.message(1, end);
}

/** A header among the fields of a message that protobufjs writes (reflected.ts). */
export type HeaderMessage = {
  readonly cluster_id: bigint;
  readonly member_id: bigint;
  readonly revision: number;
  readonly raft_term: number;
};

export function headerMessage({ identity, revision, raftTerm }: Header): HeaderMessage {
  return { cluster_id: identity.clusterId, member_id: identity.memberId, revision, raft_term: raftTerm };
}
