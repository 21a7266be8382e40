/** Frames of the main stream as bytes: what drivers send each other. */
import { BodyReader } from './body-reader.ts';
import { FrameType } from './frame-types.ts';
import type { FrameWriter } from './frame-writer.ts';
import { jsonText, readJson } from './json-frame.ts';
import { type Arrival, readMessage, writeMessage } from './messages.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Call, CallReply, ForwardedProposals, ForwardRefused, PeerFrame } from './types.ts';

/** False when the frame is over the writer's limit; nothing of it is sent then. */
export function writeFrame(writer: FrameWriter, frame: PeerFrame): boolean {
  switch (frame.kind) {
    case 'Raft':
      writer.begin(FrameType.Raft);
      writer.natural(frame.messages.length);
      for (const message of frame.messages) writeMessage(writer, message);
      return writer.end();
    case 'ForwardedProposals':
      writer.begin(FrameType.ForwardedProposals);
      writer.natural(frame.term);
      writer.natural(frame.proposals.length);
      for (const { sequence, data } of frame.proposals) {
        writer.natural(sequence);
        writer.bytes(data);
      }
      return writer.end();
    case 'ForwardRefused':
      writer.begin(FrameType.ForwardRefused);
      writer.natural(frame.term);
      writer.text(frame.reason);
      writer.natural(frame.sequences.length);
      for (const sequence of frame.sequences) writer.natural(sequence);
      return writer.end();
    case 'Call': {
      const body = jsonText(frame.body);
      writer.begin(FrameType.Call);
      writer.natural(frame.id);
      writer.text(frame.method);
      writer.text(body);
      return writer.end();
    }
    case 'CallReply': {
      const body = jsonText(frame.body);
      writer.begin(FrameType.CallReply);
      writer.natural(frame.id);
      writer.text(body);
      return writer.end();
    }
  }
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
      const messages = [];
      for (let rest = reader.count(2); rest > 0; rest--) messages.push(readMessage(reader, arrival));
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
