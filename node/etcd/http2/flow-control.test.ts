/** RFC 9113, section 5.2, both ways. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { HeldAnswers } from '../../server/held-answers.ts';
import { ErrorCode, Flag, FrameType, Setting } from './protocol.ts';
import { encodeSettings } from './settings.ts';
import type { Receiver, Stream } from './stream.ts';
import { OK, RawClient, serve, TRAILERS, uint32 } from './testing/raw-client.ts';

const { Data, Headers, RstStream, Settings, GoAway, WindowUpdate } = FrameType;
const KIB = 1024;

function windowOf(bytes: number): Buffer {
  return encodeSettings([[Setting.InitialWindowSize, bytes]]);
}

/** Answers each request at once with so many bytes. */
function answering(bytes: number, onStream: (stream: Stream) => void = () => {}) {
  return (stream: Stream): Receiver => {
    onStream(stream);
    return {
      data: () => {},
      end: () => {
        stream.sendHeaders(OK);
        void stream.send(Buffer.alloc(bytes, stream.id));
        stream.finish(TRAILERS);
      },
      closed: () => {},
    };
  };
}

test('no more is sent than the stream’s window, and the trailers go after the last of it', async (t) => {
  const client = await RawClient.connect(t, await serve(t, { onStream: answering(100) }), windowOf(30));
  client.request(1);
  await client.settled();
  assert.equal(client.dataBytes(1), 30);
  client.send(WindowUpdate, 0, 1, uint32(69));
  await client.settled();
  assert.equal(client.dataBytes(1), 99);
  client.send(WindowUpdate, 0, 1, uint32(1));
  await client.next(({ type, flags }) => type === Headers && (flags & Flag.EndStream) !== 0);
  assert.equal(client.dataBytes(1), 100);
});

test('no more is sent than the connection’s window, whatever the streams’ are', async (t) => {
  const client = await RawClient.connect(t, await serve(t, { onStream: answering(100 * KIB) }), windowOf(2 ** 30));
  client.request(1);
  client.request(3);
  const sent = (): number => client.dataBytes(1) + client.dataBytes(3);
  while (sent() < 65_535) await client.nextOf(Data);
  await client.settled();
  await client.settled();
  assert.equal(sent(), 65_535);
  client.send(WindowUpdate, 0, 0, uint32(200 * KIB));
  for (let ends = 0; ends < 2; ends += 1) {
    await client.next(({ type, flags }) => type === Headers && (flags & Flag.EndStream) !== 0);
  }
  assert.equal(sent(), 200 * KIB);
});

test('streams that wait take turns, and a small answer does not wait for a large one', async (t) => {
  let large: Stream | null = null;
  const onStream = (stream: Stream): Receiver => {
    large ??= stream;
    return answering(stream === large ? 10_000 * KIB : 10)(stream);
  };
  const client = await RawClient.connect(t, await serve(t, { onStream }), windowOf(2 ** 30));
  client.request(1);
  await client.settled();
  client.request(3);
  client.send(WindowUpdate, 0, 0, uint32(64 * KIB));
  await client.next(
    ({ type, streamId, flags }) => type === Headers && streamId === 3 && (flags & Flag.EndStream) !== 0,
  );
  assert.ok(client.dataBytes(1) <= 128 * KIB);
  client.request(5);
  client.send(WindowUpdate, 0, 0, uint32(2 ** 30));
  await client.next(
    ({ type, streamId, flags }) => type === Headers && streamId === 1 && (flags & Flag.EndStream) !== 0,
  );
  assert.equal(client.dataBytes(1), 10_000 * KIB);
  assert.ok(client.frames.every(({ payload }) => payload.length <= 16 * KIB));
});

test('a new INITIAL_WINDOW_SIZE holds for streams that are open, and may make their windows negative', async (t) => {
  const client = await RawClient.connect(t, await serve(t, { onStream: answering(100) }), windowOf(50));
  client.request(1);
  await client.settled();
  client.send(Settings, 0, 0, windowOf(10));
  client.send(WindowUpdate, 0, 1, uint32(40));
  await client.settled();
  assert.equal(client.dataBytes(1), 50);
  client.send(WindowUpdate, 0, 1, uint32(1));
  await client.settled();
  assert.equal(client.dataBytes(1), 51);
  client.send(Settings, 0, 0, windowOf(1000));
  await client.next(({ type, flags }) => type === Headers && (flags & Flag.EndStream) !== 0);
});

test('who sends is asked to wait until the client has taken it, or has gone', async (t) => {
  const streams: Stream[] = [];
  const onStream = (stream: Stream): Receiver => {
    streams.push(stream);
    stream.sendHeaders(OK);
    return { data: () => {}, end: () => {}, closed: () => {} };
  };
  const client = await RawClient.connect(t, await serve(t, { onStream }), windowOf(0));
  client.request(1);
  client.request(3);
  await client.settled();
  const [one, two] = streams as [Stream, Stream];
  assert.equal(one.send(Buffer.alloc(KIB)), undefined);
  const room = one.send(Buffer.alloc(64 * KIB));
  assert.ok(room !== undefined);
  assert.equal(one.send(Buffer.alloc(KIB)), room);
  client.send(WindowUpdate, 0, 1, uint32(66 * KIB));
  client.send(WindowUpdate, 0, 0, uint32(66 * KIB));
  await room;
  assert.equal(one.send(Buffer.alloc(KIB)), undefined);
  const never = two.send(Buffer.alloc(128 * KIB));
  client.send(RstStream, 0, 3, uint32(ErrorCode.Cancel));
  await never;
  assert.equal(two.destroyed, true);
  assert.equal(two.send(Buffer.alloc(128 * KIB)), undefined);
});

test('the client’s windows are raised as what it sends is taken, in batches', async (t) => {
  const client = await RawClient.connect(t, await serve(t, { onStream: answering(0) }));
  client.request(1, { isEnd: false });
  const chunk = Buffer.alloc(16 * KIB);
  for (let n = 0; n < 31; n += 1) client.send(Data, 0, 1, chunk);
  await client.settled();
  const raised = (streamId: number): number[] =>
    client.frames
      .filter((frame) => frame.type === WindowUpdate && frame.streamId === streamId)
      .map(({ payload }) => payload.readUInt32BE(0));
  assert.deepEqual(raised(1), []);
  client.send(Data, Flag.Padded, 1, [255, ...chunk.subarray(1)]);
  await client.settled();
  assert.deepEqual(raised(1), [512 * KIB]);
  for (let n = 0; n < 96; n += 1) client.send(Data, 0, 1, chunk);
  await client.settled();
  assert.deepEqual(raised(1), [512 * KIB, 512 * KIB, 512 * KIB, 512 * KIB]);
  assert.deepEqual(raised(0), [4096 * KIB - 65_535, 2048 * KIB]);
});

test('a paused stream’s window is not raised, the connection’s is; what it sends above its window ends it', async (t) => {
  const streams: Stream[] = [];
  let received = 0;
  const onStream = (stream: Stream): Receiver => {
    streams.push(stream);
    stream.pause();
    const data = (chunk: Buffer): void => {
      received += chunk.length;
    };
    return { data, end: () => {}, closed: () => {} };
  };
  const client = await RawClient.connect(t, await serve(t, { onStream }));
  client.request(1, { isEnd: false });
  const chunk = Buffer.alloc(16 * KIB);
  for (let n = 0; n < 64; n += 1) client.send(Data, 0, 1, chunk);
  await client.settled();
  assert.equal(received, 1024 * KIB);
  assert.ok(!client.frames.some(({ type, streamId }) => type === WindowUpdate && streamId === 1));
  streams[0]!.resume();
  assert.equal((await client.nextOf(WindowUpdate, 1)).payload.readUInt32BE(0), 1024 * KIB);
  streams[0]!.pause();
  for (let n = 0; n < 64; n += 1) client.send(Data, 0, 1, chunk);
  client.send(Data, 0, 1, [1]);
  assert.equal((await client.nextOf(RstStream, 1)).payload.readUInt32BE(0), ErrorCode.FlowControlError);
  assert.ok(client.frames.some(({ type, streamId }) => type === WindowUpdate && streamId === 0));
  // What is sent to streams that are gone counts for the connection, and is given back.
  for (let n = 0; n < 600; n += 1) client.send(Data, 0, 1, chunk);
  await client.settled();
  assert.ok(!client.frames.some(({ type }) => type === GoAway));
});

test('what clients leave lying is counted over all connections, and broken off where there is no room', async (t) => {
  let nowMs = 0;
  const answers = new HeldAnswers(() => nowMs, 300 * KIB);
  const server = await serve(t, { onStream: answering(200 * KIB), answers });
  const [left, read] = [
    await RawClient.connect(t, server, windowOf(0)),
    await RawClient.connect(t, server, windowOf(0)),
  ];
  left.request(1);
  read.request(1);
  await left.settled();
  await read.settled();
  assert.equal(answers.bytes, 400 * KIB);
  nowMs = 5010;
  // Whoever reads gains time.
  read.send(WindowUpdate, 0, 1, uint32(50 * KIB));
  await read.settled();
  assert.equal(answers.bytes, 350 * KIB);
  answers.assertRoom();
  assert.equal(answers.bytes, 150 * KIB);
  assert.equal((await left.nextOf(RstStream, 1)).payload.readUInt32BE(), ErrorCode.EnhanceYourCalm);
  left.request(3);
  await left.settled();
  assert.equal(answers.bytes, 350 * KIB);
  left.socket.destroy();
  read.send(WindowUpdate, 0, 1, uint32(150 * KIB));
  read.send(WindowUpdate, 0, 0, uint32(150 * KIB));
  await read.next(({ type, flags }) => type === Headers && (flags & Flag.EndStream) !== 0);
  while (answers.bytes > 0) await read.settled();
});
