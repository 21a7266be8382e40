/** Numbers of HTTP/2 (RFC 9113). */

/** What a client says first (section 3.4). */
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Length, type, flags, stream (section 4.1). */
export const FRAME_HEAD_BYTES = 9;

/** The largest payload of a frame, unless SETTINGS allow more (section 4.2). */
export const DEFAULT_MAX_FRAME_BYTES: number = 1 << 14;
/** The window of a stream and of a connection, until told otherwise (section 6.9.2). */
export const DEFAULT_WINDOW_BYTES: number = (1 << 16) - 1;
export const MAX_WINDOW_BYTES = 0x7fffffff;
export const DEFAULT_HEADER_TABLE_BYTES = 4096;

/** Section 6. */
export const FrameType = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  RstStream: 3,
  Settings: 4,
  PushPromise: 5,
  Ping: 6,
  GoAway: 7,
  WindowUpdate: 8,
  Continuation: 9,
} as const;

export const Flag = { None: 0, EndStream: 0x1, Ack: 0x1, EndHeaders: 0x4, Padded: 0x8, Priority: 0x20 } as const;

/** Section 6.5.2. */
export const Setting = {
  HeaderTableSize: 1,
  EnablePush: 2,
  MaxConcurrentStreams: 3,
  InitialWindowSize: 4,
  MaxFrameSize: 5,
  MaxHeaderListSize: 6,
} as const;

/** Section 7. */
export const ErrorCode = {
  NoError: 0,
  ProtocolError: 1,
  InternalError: 2,
  FlowControlError: 3,
  SettingsTimeout: 4,
  StreamClosed: 5,
  FrameSizeError: 6,
  RefusedStream: 7,
  Cancel: 8,
  CompressionError: 9,
  EnhanceYourCalm: 11,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
