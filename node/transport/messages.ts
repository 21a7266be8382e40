/**
 * Raft messages as bytes. Sender and receiver are not in them: they are the stream's, so that nobody can speak for
 * another. An AppendRequest's entries are consecutive, so that only the first one's place is told.
 */
import type { AppendRequest, Configuration, Entry, EntryKind, MemberId, Message } from '../raft/types.ts';
import { EntryKind as EntryKinds } from '../raft/types.ts';
import type { BodyReader } from './body-reader.ts';
import type { FrameWriter } from './frame-writer.ts';
import { ProtocolError } from './protocol-error.ts';

const MessageType = {
  AppendRequest: 1,
  AppendResponse: 2,
  VoteRequest: 3,
  VoteResponse: 4,
  Heartbeat: 5,
  HeartbeatResponse: 6,
  InstallSnapshot: 7,
  ReadIndexRequest: 8,
  ReadIndexResponse: 9,
  TimeoutNow: 10,
} as const;

/** Term, kind, length of the data. */
const LEAST_ENTRY_BYTES = 3;

/** Whose stream it is, and how to keep payloads longer than the frame lives. */
export type Arrival = {
  readonly from: MemberId;
  readonly to: MemberId;
  keep(view: Buffer): Uint8Array;
};

export function writeMessage(writer: FrameWriter, message: Message): void {
  writer.byte(MessageType[message.kind]);
  writer.natural(message.term);
  switch (message.kind) {
    case 'AppendRequest':
      writeAppend(writer, message);
      return;
    case 'AppendResponse':
      writer.natural(message.index);
      writer.byte(Number(message.rejected));
      writer.natural(message.hintIndex);
      writer.natural(message.hintTerm);
      return;
    case 'VoteRequest':
      writer.byte(Number(message.isPreVote));
      writer.natural(message.lastIndex);
      writer.natural(message.lastTerm);
      writer.byte(Number(message.isTransfer));
      return;
    case 'VoteResponse':
      writer.byte(Number(message.isPreVote));
      writer.byte(Number(message.granted));
      return;
    case 'Heartbeat':
      writer.natural(message.commit);
      writer.natural(message.readCounter);
      return;
    case 'HeartbeatResponse':
      writer.natural(message.readCounter);
      return;
    case 'InstallSnapshot':
      writer.natural(message.snapshot.index);
      writer.natural(message.snapshot.term);
      writeConfiguration(writer, message.snapshot.configuration);
      return;
    case 'ReadIndexRequest':
      writer.natural(message.requestId);
      return;
    case 'ReadIndexResponse':
      writer.natural(message.requestId);
      writer.natural(message.index);
      return;
    case 'TimeoutNow':
      return;
  }
}

export function readMessage(reader: BodyReader, arrival: Arrival): Message {
  const type = reader.byte();
  const { from, to } = arrival;
  const term = reader.natural();
  switch (type) {
    case MessageType.AppendRequest:
      return readAppend(reader, arrival, term);
    case MessageType.AppendResponse:
      return {
        kind: 'AppendResponse',
        from,
        to,
        term,
        index: reader.natural(),
        rejected: reader.flag(),
        hintIndex: reader.natural(),
        hintTerm: reader.natural(),
      };
    case MessageType.VoteRequest:
      return {
        kind: 'VoteRequest',
        from,
        to,
        term,
        isPreVote: reader.flag(),
        lastIndex: reader.natural(),
        lastTerm: reader.natural(),
        isTransfer: reader.flag(),
      };
    case MessageType.VoteResponse:
      return { kind: 'VoteResponse', from, to, term, isPreVote: reader.flag(), granted: reader.flag() };
    case MessageType.Heartbeat:
      return { kind: 'Heartbeat', from, to, term, commit: reader.natural(), readCounter: reader.natural() };
    case MessageType.HeartbeatResponse:
      return { kind: 'HeartbeatResponse', from, to, term, readCounter: reader.natural() };
    case MessageType.InstallSnapshot:
      return {
        kind: 'InstallSnapshot',
        from,
        to,
        term,
        snapshot: { index: reader.natural(), term: reader.natural(), configuration: readConfiguration(reader) },
      };
    case MessageType.ReadIndexRequest:
      return { kind: 'ReadIndexRequest', from, to, term, requestId: reader.natural() };
    case MessageType.ReadIndexResponse:
      return { kind: 'ReadIndexResponse', from, to, term, requestId: reader.natural(), index: reader.natural() };
    case MessageType.TimeoutNow:
      return { kind: 'TimeoutNow', from, to, term };
    default:
      throw new ProtocolError(`there is no message of type ${type}`);
  }
}

function writeAppend(writer: FrameWriter, message: AppendRequest): void {
  writer.natural(message.previousIndex);
  writer.natural(message.previousTerm);
  writer.natural(message.commit);
  writer.natural(message.entries.length);
  let index = message.previousIndex;
  for (const entry of message.entries) {
    index += 1;
    if (entry.index !== index)
      throw new Error(`entry ${entry.index} stands where ${index} belongs in an AppendRequest`);
    writer.natural(entry.term);
    writer.byte(entry.kind);
    writer.bytes(entry.data);
  }
}

function readAppend(reader: BodyReader, arrival: Arrival, term: number): AppendRequest {
  const previousIndex = reader.natural();
  const previousTerm = reader.natural();
  const commit = reader.natural();
  const count = reader.count(LEAST_ENTRY_BYTES);
  if (!Number.isSafeInteger(previousIndex + count)) throw new ProtocolError('an index is over 2^53 - 1');
  const entries: Entry[] = [];
  for (let index = previousIndex + 1; index <= previousIndex + count; index++) {
    entries.push({ term: reader.natural(), index, kind: readEntryKind(reader), data: arrival.keep(reader.bytes()) });
  }
  return {
    kind: 'AppendRequest',
    from: arrival.from,
    to: arrival.to,
    term,
    previousIndex,
    previousTerm,
    entries,
    commit,
  };
}

function readEntryKind(reader: BodyReader): EntryKind {
  const kind = reader.byte();
  if (kind === EntryKinds.Normal || kind === EntryKinds.Configuration) return kind;
  throw new ProtocolError(`there is no entry of kind ${kind}`);
}

function writeConfiguration(writer: FrameWriter, configuration: Configuration): void {
  writeIds(writer, configuration.voters);
  writer.byte(Number(configuration.leaving !== null));
  if (configuration.leaving !== null) writeIds(writer, configuration.leaving);
  writeIds(writer, configuration.learners);
}

function readConfiguration(reader: BodyReader): Configuration {
  const voters = readIds(reader);
  const leaving = reader.flag() ? readIds(reader) : null;
  return { voters, leaving, learners: readIds(reader) };
}

function writeIds(writer: FrameWriter, ids: readonly MemberId[]): void {
  writer.natural(ids.length);
  for (const id of ids) writer.natural(id);
}

function readIds(reader: BodyReader): MemberId[] {
  const ids: MemberId[] = [];
  for (let rest = reader.count(1); rest > 0; rest--) ids.push(reader.natural());
  return ids;
}
