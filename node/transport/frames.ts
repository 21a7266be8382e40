/** Frames of the main stream as bytes: what drivers send each other. */
import type { Message } from '../raft/types.ts';
import { BodyReader } from './body-reader.ts';
import { FrameType } from './frame-types.ts';
import type { FrameWriter } from './frame-writer.ts';
import { jsonText, readJson } from './json-frame.ts';
import { type Arrival, readMessage, writeMessage } from './messages.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Call, CallReply, ForwardedProposals, ForwardRefused, PeerFrame } from './types.ts';

/** Raft messages go on in another frame from here on: a turn's worth of them has no bound, a frame has. */
const SPLIT_BYTES = 64 * 1024;

/** How many messages were left out because they were over the writer's limit for a frame. */
export function writeFrame(writer: FrameWriter, frame: PeerFrame): number {
  switch (frame.kind) {
    case 'Raft':
      return writeMessages(writer, frame.messages);
    case 'ForwardedProposals':
      writer.begin(FrameType.ForwardedProposals);
      writer.natural(frame.term);
      writer.natural(frame.proposals.length);
      for (const { sequence, data } of frame.proposals) {
        writer.natural(sequence);
        writer.bytes(data);
      }
      return writer.end() ? 0 : 1;
    case 'ForwardRefused':
      writer.begin(FrameType.ForwardRefused);
      writer.natural(frame.term);
      writer.text(frame.reason);
      writer.natural(frame.sequences.length);
      for (const sequence of frame.sequences) writer.natural(sequence);
      return writer.end() ? 0 : 1;
    case 'Call': {
      const body = jsonText(frame.body);
      writer.begin(FrameType.Call);
      writer.natural(frame.id);
      writer.text(frame.method);
      writer.text(body);
      return writer.end() ? 0 : 1;
    }
    case 'CallReply': {
      const body = jsonText(frame.body);
      writer.begin(FrameType.CallReply);
      writer.natural(frame.id);
      writer.text(body);
      return writer.end() ? 0 : 1;
    }
  }
}

function writeMessages(writer: FrameWriter, messages: readonly Message[]): number {
  let leftOut = 0;
  let inFrame = 0;
  writer.begin(FrameType.Raft);
  for (const message of messages) {
    if (writer.bodyBytes >= SPLIT_BYTES) {
      if (!writer.end()) leftOut += inFrame;
      inFrame = 0;
      writer.begin(FrameType.Raft);
    }
    writeMessage(writer, message);
    inFrame += 1;
  }
  if (!writer.end()) leftOut += inFrame;
  return leftOut;
}

/** Throws `ProtocolError`. */
export function readFrame(body: Buffer, arrival: Arrival): PeerFrame {
  const reader = new BodyReader(body);
  const frame = readKind(body[0], reader, arrival);
  reader.end();
  return frame;
}

function readKind(type: number | undefined, reader: BodyReader, arrival: Arrival): PeerFrame {
  switch (type) {
    case FrameType.Raft: {
      const messages: Message[] = [];
      while (reader.remainingBytes > 0) messages.push(readMessage(reader, arrival));
      return { kind: 'Raft', messages };
    }
    case FrameType.ForwardedProposals:
      return readProposals(reader, arrival);
    case FrameType.ForwardRefused:
      return readRefused(reader);
    case FrameType.Call:
      return { kind: 'Call', id: reader.natural(), method: reader.text(), body: readJson(reader) } satisfies Call;
    case FrameType.CallReply:
      return { kind: 'CallReply', id: reader.natural(), body: readJson(reader) } satisfies CallReply;
    default:
      throw new ProtocolError(`a frame of type ${type} does not belong on this stream`);
  }
}

function readProposals(reader: BodyReader, arrival: Arrival): ForwardedProposals {
  const term = reader.natural();
  const proposals = [];
  for (let rest = reader.count(2); rest > 0; rest--) {
    proposals.push({ sequence: reader.natural(), data: arrival.keep(reader.bytes()) });
  }
  return { kind: 'ForwardedProposals', term, proposals };
}

function readRefused(reader: BodyReader): ForwardRefused {
  const term = reader.natural();
  const reason = reader.text();
  const sequences: number[] = [];
  for (let rest = reader.count(1); rest > 0; rest--) sequences.push(reader.natural());
  return { kind: 'ForwardRefused', term, sequences, reason };
}
