/** What a frame must be, whatever state its stream is in (RFC 9113, section 6). All throw ConnectionError. */
import { ConnectionError } from './errors.ts';
import type { Frame } from './frame-reader.ts';
import { ErrorCode } from './protocol.ts';

export function assertOnStream({ streamId }: Frame): void {
  if (streamId === 0) throw new ConnectionError(ErrorCode.ProtocolError, 'a frame of no stream');
}

export function assertOnConnection({ streamId }: Frame): void {
  if (streamId !== 0) throw new ConnectionError(ErrorCode.ProtocolError, 'a frame of the connection on a stream');
}

export function assertSize({ start, end }: Frame, size: number): void {
  if (end - start !== size) throw new ConnectionError(ErrorCode.FrameSizeError, `a frame of ${end - start} bytes`);
}
