/** Cuts padding and priority off a frame's payload (RFC 9113, sections 6.1 and 6.2). */
import { ConnectionError } from './errors.ts';
import type { Frame } from './frame-reader.ts';
import { ErrorCode, Flag } from './protocol.ts';

export const PRIORITY_BYTES = 5;

/** What is left of the frame lies between its `start` and its `end`. @throws ConnectionError */
export function stripPadding(frame: Frame): void {
  if ((frame.flags & Flag.Padded) === 0) return;
  if (frame.end === frame.start)
    throw new ConnectionError(ErrorCode.FrameSizeError, 'no room for the padding’s length');
  const padding = frame.bytes[frame.start]!;
  frame.start += 1;
  frame.end -= padding;
  if (frame.end < frame.start) throw new ConnectionError(ErrorCode.ProtocolError, 'more padding than frame');
}

/**
 * The stream on which the frame's depends, for the one thing of it that is still an error (RFC 7540, section 5.3.1); null
 * when it has no priority.
 * @throws ConnectionError
 */
export function stripPriority(frame: Frame): number | null {
  if ((frame.flags & Flag.Priority) === 0) return null;
  if (frame.end - frame.start < PRIORITY_BYTES) {
    throw new ConnectionError(ErrorCode.FrameSizeError, 'no room for the priority');
  }
  const dependency = frame.bytes.readUInt32BE(frame.start) & 0x7fffffff;
  frame.start += PRIORITY_BYTES;
  return dependency;
}
