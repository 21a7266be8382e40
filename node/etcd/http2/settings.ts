/** SETTINGS (RFC 9113, section 6.5): the client's, as far as a server that pushes nothing needs them, and ours. */
import { ConnectionError } from './errors.ts';
import { ErrorCode, MAX_WINDOW_BYTES, Setting } from './protocol.ts';

const ENTRY_BYTES = 6;

/** What one frame changes. */
export type SettingsChange = {
  readonly headerTableBytes?: number;
  readonly initialWindowBytes?: number;
};

/** @throws ConnectionError */
export function parseSettings(bytes: Buffer, start: number, end: number): SettingsChange {
  if ((end - start) % ENTRY_BYTES !== 0) {
    throw new ConnectionError(ErrorCode.FrameSizeError, `SETTINGS of ${end - start} bytes`);
  }
  const change: { -readonly [key in keyof SettingsChange]: SettingsChange[key] } = {};
  for (let at = start; at < end; at += ENTRY_BYTES) {
    const value = bytes.readUInt32BE(at + 2);
    switch (bytes.readUInt16BE(at)) {
      case Setting.HeaderTableSize:
        // The lowest on the way counts: the peer has forgotten what lay above it (RFC 7541, section 4.2).
        change.headerTableBytes = Math.min(value, change.headerTableBytes ?? value);
        break;
      case Setting.EnablePush:
        if (value > 1) throw new ConnectionError(ErrorCode.ProtocolError, `ENABLE_PUSH of ${value}`);
        break;
      case Setting.InitialWindowSize:
        if (value > MAX_WINDOW_BYTES) {
          throw new ConnectionError(ErrorCode.FlowControlError, `INITIAL_WINDOW_SIZE of ${value}`);
        }
        change.initialWindowBytes = value;
        break;
      case Setting.MaxFrameSize:
        if (value < 1 << 14 || value >= 1 << 24) {
          throw new ConnectionError(ErrorCode.ProtocolError, `MAX_FRAME_SIZE of ${value}`);
        }
        break;
      default:
      // Those of others, and those that only bound what we never send.
    }
  }
  return change;
}

export function encodeSettings(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(settings.length * ENTRY_BYTES);
  settings.forEach(([id, value], at) => {
    bytes.writeUInt16BE(id, at * ENTRY_BYTES);
    bytes.writeUInt32BE(value, at * ENTRY_BYTES + 2);
  });
  return bytes;
}
