/** What RFC 9113 calls an error, and which one. h2spec (test/etcd/h2spec.test.ts) asks the same of a whole member. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeHeaders } from './hpack/encode.ts';
import { ErrorCode, Flag, FrameType, PREFACE, Setting } from './protocol.ts';
import { encodeSettings } from './settings.ts';
import { EMPTY, frameOf, RawClient, REQUEST, serve, uint32 } from './testing/raw-client.ts';

const { Data, Headers, Priority, RstStream, Settings, PushPromise, Ping, GoAway, WindowUpdate, Continuation } =
  FrameType;
const { EndStream, EndHeaders, Padded, Ack } = Flag;

function openRequest(id: number): Buffer {
  return frameOf(Headers, EndHeaders, id, REQUEST);
}
const ended = (id: number): Buffer => frameOf(Headers, EndHeaders | EndStream, id, REQUEST);
const reset = (id: number): Buffer => frameOf(RstStream, 0, id, uint32(ErrorCode.Cancel));
const block = (...fields: [string, string][]): Buffer => encodeHeaders(fields);
const pseudo: [string, string][] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/'],
];

const ofConnection: Record<string, readonly [code: number, ...frames: Buffer[]]> = {
  'DATA of no stream (6.1)': [ErrorCode.ProtocolError, frameOf(Data, 0, 0, [1])],
  'DATA on an idle stream (5.1)': [ErrorCode.ProtocolError, frameOf(Data, 0, 1, [1])],
  'DATA on a stream of the server’s (5.1.1)': [ErrorCode.ProtocolError, openRequest(3), frameOf(Data, 0, 2, [1])],
  'more padding than DATA (6.1)': [ErrorCode.ProtocolError, openRequest(1), frameOf(Data, Padded, 1, [2, 0])],
  'no length of padding (6.1)': [ErrorCode.FrameSizeError, openRequest(1), frameOf(Data, Padded, 1)],
  'HEADERS of no stream (6.2)': [ErrorCode.ProtocolError, frameOf(Headers, EndHeaders, 0, REQUEST)],
  'HEADERS of an even number (5.1.1)': [ErrorCode.ProtocolError, openRequest(2)],
  'HEADERS of a lower number (5.1.1)': [ErrorCode.StreamClosed, ended(5), ended(3)],
  'HEADERS on a stream that the client has reset (5.1)': [ErrorCode.StreamClosed, openRequest(1), reset(1), ended(1)],
  'no room for a priority (6.2)': [ErrorCode.FrameSizeError, frameOf(Headers, EndHeaders | Flag.Priority, 1, [0])],
  'a block that cannot be decoded (4.3)': [ErrorCode.CompressionError, frameOf(Headers, EndHeaders, 1, [0x80])],
  'another frame in a header block (6.2)': [
    ErrorCode.ProtocolError,
    frameOf(Headers, 0, 1, REQUEST),
    frameOf(Ping, 0, 0, Buffer.alloc(8)),
  ],
  'an unknown frame in a header block (5.5)': [
    ErrorCode.ProtocolError,
    frameOf(Headers, 0, 1, REQUEST),
    frameOf(77, 0, 1),
  ],
  'CONTINUATION of another stream (6.10)': [
    ErrorCode.ProtocolError,
    frameOf(Headers, 0, 1, REQUEST),
    frameOf(Continuation, EndHeaders, 3),
  ],
  'CONTINUATION of nothing (6.10)': [ErrorCode.ProtocolError, ended(1), frameOf(Continuation, EndHeaders, 1)],
  'PRIORITY of no stream (6.3)': [ErrorCode.ProtocolError, frameOf(Priority, 0, 0, Buffer.alloc(5))],
  'RST_STREAM of no stream (6.4)': [ErrorCode.ProtocolError, reset(0)],
  'RST_STREAM on an idle stream (6.4)': [ErrorCode.ProtocolError, reset(1)],
  'RST_STREAM of wrong size (6.4)': [ErrorCode.FrameSizeError, openRequest(1), frameOf(RstStream, 0, 1, [0, 0, 0])],
  'SETTINGS on a stream (6.5)': [ErrorCode.ProtocolError, frameOf(Settings, 0, 1)],
  'SETTINGS of wrong size (6.5)': [ErrorCode.FrameSizeError, frameOf(Settings, 0, 0, [0, 1, 0])],
  'an ACK that says something (6.5)': [ErrorCode.FrameSizeError, frameOf(Settings, Ack, 0, Buffer.alloc(6))],
  'ENABLE_PUSH of 2 (6.5.2)': [
    ErrorCode.ProtocolError,
    frameOf(Settings, 0, 0, encodeSettings([[Setting.EnablePush, 2]])),
  ],
  'INITIAL_WINDOW_SIZE above its bound (6.5.2)': [
    ErrorCode.FlowControlError,
    frameOf(Settings, 0, 0, encodeSettings([[Setting.InitialWindowSize, 2 ** 31]])),
  ],
  'INITIAL_WINDOW_SIZE that takes a stream above it (6.9.2)': [
    ErrorCode.FlowControlError,
    openRequest(1),
    frameOf(WindowUpdate, 0, 1, uint32(1000)),
    frameOf(Settings, 0, 0, encodeSettings([[Setting.InitialWindowSize, 2 ** 31 - 1]])),
  ],
  'MAX_FRAME_SIZE below its bound (6.5.2)': [
    ErrorCode.ProtocolError,
    frameOf(Settings, 0, 0, encodeSettings([[Setting.MaxFrameSize, 16_383]])),
  ],
  'MAX_FRAME_SIZE above its bound (6.5.2)': [
    ErrorCode.ProtocolError,
    frameOf(Settings, 0, 0, encodeSettings([[Setting.MaxFrameSize, 2 ** 24]])),
  ],
  'PUSH_PROMISE of a client (8.4)': [ErrorCode.ProtocolError, frameOf(PushPromise, EndHeaders, 1, [0, 0, 0, 2])],
  'PING on a stream (6.7)': [ErrorCode.ProtocolError, frameOf(Ping, 0, 1, Buffer.alloc(8))],
  'PING of wrong size (6.7)': [ErrorCode.FrameSizeError, frameOf(Ping, 0, 0, Buffer.alloc(7))],
  'GOAWAY on a stream (6.8)': [ErrorCode.ProtocolError, frameOf(GoAway, 0, 1, Buffer.alloc(8))],
  'GOAWAY of wrong size (6.8)': [ErrorCode.FrameSizeError, frameOf(GoAway, 0, 0, Buffer.alloc(7))],
  'WINDOW_UPDATE by nothing (6.9)': [ErrorCode.ProtocolError, frameOf(WindowUpdate, 0, 0, uint32(0))],
  'WINDOW_UPDATE of wrong size (6.9)': [ErrorCode.FrameSizeError, frameOf(WindowUpdate, 0, 0, [0, 0, 1])],
  'WINDOW_UPDATE on an idle stream (5.1)': [ErrorCode.ProtocolError, frameOf(WindowUpdate, 0, 1, uint32(1))],
  'WINDOW_UPDATE above the bound (6.9.1)': [
    ErrorCode.FlowControlError,
    frameOf(WindowUpdate, 0, 0, uint32(2 ** 31 - 1)),
  ],
  'a frame that is too large (4.2)': [ErrorCode.FrameSizeError, frameOf(Data, 0, 1, Buffer.alloc(16_385))],
};

for (const [name, [code, ...frames]] of Object.entries(ofConnection)) {
  test(`${name} ends the connection`, async (t) => {
    const client = await RawClient.connect(t, await serve(t));
    client.socket.write(Buffer.concat(frames));
    assert.equal((await client.nextOf(GoAway)).payload.readUInt32BE(4), code);
    await client.closed();
  });
}

const ofStream: Record<string, readonly [code: number, ...frames: Buffer[]]> = {
  'DATA after the end (5.1)': [ErrorCode.StreamClosed, ended(1), frameOf(Data, 0, 1, [1])],
  'HEADERS after the end, of an answer under way (5.1)': [
    ErrorCode.StreamClosed,
    frameOf(Settings, 0, 0, encodeSettings([[Setting.InitialWindowSize, 0]])),
    openRequest(1),
    frameOf(Data, EndStream, 1, [1]),
    ended(1),
  ],
  'DATA on a stream that the client has reset (5.1)': [
    ErrorCode.StreamClosed,
    openRequest(1),
    reset(1),
    frameOf(Data, 0, 1, [1]),
  ],
  'trailers that do not end (8.1)': [
    ErrorCode.ProtocolError,
    openRequest(1),
    frameOf(Headers, EndHeaders, 1, block(['a', 'b'])),
  ],
  'trailers with a pseudo-header (8.1)': [ErrorCode.ProtocolError, openRequest(1), ended(1)],
  'a malformed request (8.1.1)': [
    ErrorCode.ProtocolError,
    frameOf(Headers, EndHeaders, 1, block(...pseudo, ['Upper', 'x'])),
  ],
  'a request that depends on itself (RFC 7540, 5.3.1)': [
    ErrorCode.ProtocolError,
    frameOf(Headers, EndHeaders | Flag.Priority, 1, Buffer.concat([uint32(1), Buffer.from([0]), REQUEST])),
  ],
  'PRIORITY on itself (RFC 7540, 5.3.1)': [
    ErrorCode.ProtocolError,
    openRequest(1),
    frameOf(Priority, 0, 1, [...uint32(1), 0]),
  ],
  'PRIORITY of wrong size (6.3)': [ErrorCode.FrameSizeError, openRequest(1), frameOf(Priority, 0, 1, [0])],
  'less than content-length (8.1.1)': [
    ErrorCode.ProtocolError,
    frameOf(Headers, EndHeaders, 1, block(...pseudo, ['content-length', '2'])),
    frameOf(Data, EndStream, 1, [1]),
  ],
  'more than content-length (8.1.1)': [
    ErrorCode.ProtocolError,
    frameOf(Headers, EndHeaders, 1, block(...pseudo, ['content-length', '2'])),
    frameOf(Data, 0, 1, [1, 2, 3]),
  ],
  'content-length and nothing (8.1.1)': [
    ErrorCode.ProtocolError,
    frameOf(Headers, EndHeaders | EndStream, 1, block(...pseudo, ['content-length', '2'])),
  ],
  'WINDOW_UPDATE of a stream by nothing (6.9)': [
    ErrorCode.ProtocolError,
    openRequest(1),
    frameOf(WindowUpdate, 0, 1, uint32(0)),
  ],
  'WINDOW_UPDATE of a stream above the bound (6.9.1)': [
    ErrorCode.FlowControlError,
    openRequest(1),
    frameOf(WindowUpdate, 0, 1, uint32(2 ** 31 - 1)),
  ],
};

for (const [name, [code, ...frames]] of Object.entries(ofStream)) {
  test(`${name} ends the stream alone`, async (t) => {
    const client = await RawClient.connect(t, await serve(t));
    client.socket.write(Buffer.concat(frames));
    assert.equal((await client.nextOf(RstStream, 1)).payload.readUInt32BE(0), code);
    client.request(11);
    await client.nextOf(Headers, 11);
    await client.settled();
  });
}

test('a preface of something else, and one without SETTINGS, end the connection (3.4)', async (t) => {
  const server = await serve(t);
  const ping = frameOf(Ping, 0, 0, Buffer.alloc(8));
  for (const bytes of [Buffer.from('PRI * HTTP/1.1\r\n\r\n'), Buffer.concat([PREFACE, ping])]) {
    const client = await RawClient.open(t, server);
    client.socket.write(bytes);
    assert.equal((await client.nextOf(GoAway)).payload.readUInt32BE(4), ErrorCode.ProtocolError);
    await client.closed();
  }
});

test('SETTINGS that are never acknowledged end the connection (6.5.3)', async (t) => {
  const client = await RawClient.open(t, await serve(t, { settingsTimeoutMs: 20 }));
  client.socket.write(Buffer.concat([PREFACE, frameOf(Settings, 0, 0, EMPTY)]));
  assert.equal((await client.nextOf(GoAway)).payload.readUInt32BE(4), ErrorCode.SettingsTimeout);
  await client.closed();
});

test('what is no error: padding, priorities, unknown frames and settings, late frames of closed streams', async (t) => {
  const client = await RawClient.connect(t, await serve(t), encodeSettings([[99, 1]]));
  client.send(Headers, EndHeaders | Padded | Flag.Priority, 1, [2, 0, 0, 0, 7, 9, ...REQUEST, 0, 0]);
  client.send(Priority, 0, 1, [0, 0, 0, 9, 1]);
  client.send(Priority, 0, 99, [0, 0, 0, 9, 1]);
  client.send(77, 255, 1, [1, 2, 3]);
  client.send(Data, Padded, 1, [3, 42, 0, 0, 0]);
  client.send(Data, 0, 1);
  client.send(Data, Padded | EndStream, 1, [0, 43]);
  await client.next(({ type, flags }) => type === Headers && (flags & EndStream) !== 0);
  const data = client.frames.filter(({ type }) => type === Data);
  assert.deepEqual(Buffer.concat(data.map(({ payload }) => payload)), Buffer.from([42, 43]));
  client.send(WindowUpdate, 0, 1, uint32(5));
  client.socket.write(reset(1));
  client.send(Priority, 0, 1, [0, 0, 0, 9, 1]);
  await client.settled();
});
