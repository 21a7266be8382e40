/** Frames cross the simulated network as the bytes of the real one: members share no memory. */
import { FrameReader } from '../../node/transport/frame-reader.ts';
import { FrameWriter } from '../../node/transport/frame-writer.ts';
import { readFrame, writeFrame } from '../../node/transport/frames.ts';
import type { PeerFrame } from '../../node/transport/types.ts';

const MAX_FRAME_BYTES = 64 << 20;

export function encodeFrame(frame: PeerFrame): Buffer {
  const writer = new FrameWriter(MAX_FRAME_BYTES);
  if (writeFrame(writer, frame) > 0) throw new Error(`a ${frame.kind} frame is over ${MAX_FRAME_BYTES} bytes`);
  return Buffer.concat(writer.take());
}

/** Many Raft messages travel in several frames; here they come out as one again. */
export function decodeFrame(bytes: Buffer, from: number, to: number): PeerFrame {
  const frames: PeerFrame[] = [];
  new FrameReader(MAX_FRAME_BYTES).push(bytes, (body) => {
    frames.push(readFrame(body, { from, to, keep: (view) => Buffer.from(view) }));
    return true;
  });
  const [first] = frames;
  if (first === undefined) throw new Error('bytes of a frame ended early');
  if (first.kind !== 'Raft') return first;
  return { kind: 'Raft', messages: frames.flatMap((frame) => (frame.kind === 'Raft' ? frame.messages : [])) };
}
