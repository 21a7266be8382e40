import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeHeaders } from './hpack/encode.ts';
import { ErrorCode, Flag, FrameType, Setting } from './protocol.ts';
import { encodeSettings } from './settings.ts';
import type { Receiver, Stream } from './stream.ts';
import { echo, frameOf, OK, RawClient, REQUEST, serve, TRAILERS, uint32 } from './testing/raw-client.ts';

const { Data, Headers, RstStream, Settings, Ping, GoAway, WindowUpdate, Continuation, Priority } = FrameType;
const { EndHeaders, EndStream } = Flag;

/** Never answers by itself. */
function holding(streams: Stream[]) {
  return (stream: Stream): Receiver => {
    streams.push(stream);
    return { data: () => {}, end: () => {}, closed: () => {} };
  };
}

function codeOf({ payload }: { payload: Buffer }): number {
  return payload.readUInt32BE(payload.length > 4 ? 4 : 0);
}

test('both say their SETTINGS and acknowledge the other’s', async (t) => {
  const client = await RawClient.connect(t, await serve(t));
  const ours = await client.nextOf(Settings);
  assert.equal(ours.flags, 0);
  assert.ok(ours.payload.includes(encodeSettings([[Setting.InitialWindowSize, 1 << 20]])));
  assert.equal((await client.nextOf(Settings)).flags, Flag.Ack);
});

test('a request in any number of frames', async (t) => {
  const client = await RawClient.connect(t, await serve(t));
  client.send(Headers, 0, 1, REQUEST.subarray(0, 2));
  client.send(Continuation, 0, 1);
  client.send(Continuation, 0, 1, REQUEST.subarray(2, 5));
  client.send(Continuation, EndHeaders, 1, REQUEST.subarray(5));
  client.send(Data, 0, 1, Buffer.from('a'));
  client.send(Headers, EndHeaders | EndStream, 1, encodeHeaders([['client', 'trailer']]));
  assert.deepEqual((await client.nextOf(Headers, 1)).payload, OK);
  assert.equal((await client.nextOf(Data, 1)).payload.toString(), 'a');
  const last = await client.nextOf(Headers, 1);
  assert.deepEqual([last.flags, last.payload], [EndHeaders | EndStream, TRAILERS]);
});

test('all that a turn of the event loop has to say is one write', async (t) => {
  const streams: Stream[] = [];
  const server = await serve(t, { onStream: holding(streams) });
  const client = await RawClient.connect(t, server);
  for (let id = 1; id < 200; id += 2) client.request(id);
  await client.settled();
  const { socket } = server.connections[0]!;
  let writes = 0;
  const { write, uncork } = socket;
  socket.write = ((chunk: Buffer) => {
    if (socket.writableCorked === 0) writes += 1;
    return write.call(socket, chunk);
  }) as typeof write;
  socket.uncork = () => {
    writes += 1;
    uncork.call(socket);
  };
  for (const stream of streams) {
    stream.sendHeaders(OK);
    void stream.send(Buffer.from('value'));
    stream.finish(TRAILERS);
  }
  await client.settled();
  assert.equal(client.frames.filter(({ type }) => type === Data).length, 100);
  assert.ok(writes <= 2, `${writes} writes`); // the answers, and the ping's
});

test('an answer before the request has ended tells the client to stop, and what was on its way is ignored', async (t) => {
  const onStream = (stream: Stream): null => {
    stream.finish(OK);
    return null;
  };
  const client = await RawClient.connect(t, await serve(t, { onStream }));
  client.request(1, { isEnd: false });
  assert.equal((await client.nextOf(Headers, 1)).flags, EndHeaders | EndStream);
  assert.equal(codeOf(await client.nextOf(RstStream, 1)), ErrorCode.NoError);
  client.send(Data, 0, 1, Buffer.alloc(1000));
  client.send(WindowUpdate, 0, 1, uint32(5));
  client.send(Headers, EndHeaders | EndStream, 1, TRAILERS);
  client.send(RstStream, 0, 1, uint32(ErrorCode.Cancel));
  await client.settled();
  assert.equal(client.frames.filter(({ type }) => type === RstStream || type === GoAway).length, 1);
});

test('streams above the limit are refused, so that the client may try again', async (t) => {
  const streams: Stream[] = [];
  const client = await RawClient.connect(t, await serve(t, { onStream: holding(streams), maxStreams: 2 }));
  for (const id of [1, 3, 5]) client.request(id);
  assert.equal(codeOf(await client.nextOf(RstStream, 5)), ErrorCode.RefusedStream);
  streams[0]!.finish(OK);
  client.request(7);
  await client.settled();
  assert.deepEqual(
    streams.map(({ id }) => id),
    [1, 3, 7],
  );
});

test('headers that are too large are refused, and the next request is understood', async (t) => {
  const client = await RawClient.connect(t, await serve(t));
  const part = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4000, 'v')]);
  const pointers = Buffer.alloc(20, 0xbe);
  client.send(Headers, EndStream, 1, REQUEST);
  client.send(Continuation, 0, 1, part);
  client.send(Continuation, EndHeaders, 1, pointers);
  assert.deepEqual((await client.nextOf(Headers, 1)).payload, encodeHeaders([[':status', '431']]));
  client.request(3, { block: Buffer.concat([REQUEST, Buffer.from([0xbe])]) });
  assert.deepEqual((await client.nextOf(Headers, 3)).payload, OK);
});

test('a client with no room for a table is told that none is used', async (t) => {
  const client = await RawClient.connect(t, await serve(t), encodeSettings([[Setting.HeaderTableSize, 0]]));
  client.request(1);
  assert.deepEqual((await client.nextOf(Headers, 1)).payload, Buffer.concat([Buffer.from([0x20]), OK]));
  assert.deepEqual((await client.nextOf(Headers, 1)).payload, TRAILERS);
});

test('trailers that fit into no frame are continued', async (t) => {
  const long = encodeHeaders([['grpc-message', 'x'.repeat(40_000)]]);
  const onStream = (stream: Stream): null => {
    stream.finish(long);
    return null;
  };
  const client = await RawClient.connect(t, await serve(t, { onStream }));
  client.request(1);
  const last = await client.next(({ type, flags }) => type === Continuation && flags === EndHeaders);
  assert.equal(last.streamId, 1);
  const parts = client.frames.filter(({ type }) => type === Headers || type === Continuation);
  assert.deepEqual(
    parts.map(({ flags }) => flags),
    [EndStream, 0, EndHeaders],
  );
  assert.deepEqual(Buffer.concat(parts.map(({ payload }) => payload)), long);
});

test('closing takes no new stream, waits for those that are open, and ends the connection', async (t) => {
  const streams: Stream[] = [];
  const server = await serve(t, { onStream: holding(streams) });
  const client = await RawClient.connect(t, server);
  client.request(1);
  await client.settled();
  server.connections[0]!.close();
  const goAway = await client.nextOf(GoAway);
  assert.deepEqual([goAway.payload.readUInt32BE(0), codeOf(goAway)], [1, ErrorCode.NoError]);
  client.request(3, { isEnd: false });
  client.send(Data, EndStream, 3, Buffer.alloc(100));
  client.send(RstStream, 0, 3, uint32(ErrorCode.Cancel));
  await client.settled();
  assert.equal(streams.length, 1);
  streams[0]!.finish(OK);
  await client.nextOf(Headers, 1);
  await client.closed();
});

test('an idle connection is closed at once, by us or at the client’s word', async (t) => {
  const server = await serve(t);
  const [one, two] = [await RawClient.connect(t, server), await RawClient.connect(t, server)];
  await Promise.all([one.settled(), two.settled()]);
  server.connections[0]!.close();
  two.send(GoAway, 0, 0, Buffer.alloc(8));
  await Promise.all([one.closed(), two.closed()]);
  while (server.closed.count < 2) await new Promise(setImmediate);
});

test('a peer that does not hang up after the end is dropped', async (t) => {
  const server = await serve(t);
  const client = await RawClient.connect(t, server);
  client.socket.allowHalfOpen = true;
  client.send(Ping, 0, 1, Buffer.alloc(8));
  await client.nextOf(GoAway);
  while (server.closed.count < 1) await new Promise(setImmediate);
});

test('streams end with their connection, once each', async (t) => {
  const closed: number[] = [];
  const onStream = (stream: Stream): Receiver => ({
    data: () => {},
    end: () => {},
    closed: () => void closed.push(stream.id),
  });
  const server = await serve(t, { onStream });
  const [rude, wrong] = [await RawClient.connect(t, server), await RawClient.connect(t, server)];
  for (const client of [rude, wrong]) {
    client.request(1);
    client.request(3);
    client.send(RstStream, 0, 3, uint32(ErrorCode.Cancel));
    await client.settled();
  }
  assert.deepEqual(closed, [3, 3]);
  rude.socket.destroy();
  wrong.send(Ping, 0, 1, Buffer.alloc(8));
  while (server.closed.count < 2) await new Promise(setImmediate);
  assert.deepEqual(closed, [3, 3, 1, 1]);
});

test('who answers no ping is dropped by the next, who answers is not', async (t) => {
  const server = await serve(t);
  const client = await RawClient.connect(t, server);
  await client.settled();
  const [connection] = server.connections;
  connection!.ping();
  const ping = await client.next(({ type, flags }) => type === Ping && flags === 0);
  client.send(Ping, Flag.Ack, 0, ping.payload);
  await client.settled();
  connection!.ping();
  await client.settled();
  connection!.ping();
  await client.closed();
});

const small = encodeSettings([[Setting.InitialWindowSize, 0]]);
const floods: Record<string, readonly Buffer[]> = {
  'pings (CVE-2019-9512)': [frameOf(Ping, 0, 0, Buffer.alloc(8))],
  'SETTINGS (CVE-2019-9515)': [frameOf(Settings, 0, 0)],
  'SETTINGS that move windows': [frameOf(Settings, 0, 0, small)],
  'DATA of nothing (CVE-2019-9518)': [frameOf(Data, 0, 1)],
  'priorities (CVE-2019-9513)': [frameOf(Priority, 0, 1, [0, 0, 0, 9, 1])],
  'WINDOW_UPDATE by one': [frameOf(WindowUpdate, 0, 1, uint32(1))],
  'frames that are not known': [frameOf(99, 0, 0)],
};

for (const [name, frames] of Object.entries(floods)) {
  test(`a flood of ${name} ends the connection`, async (t) => {
    const client = await RawClient.connect(t, await serve(t, { onStream: holding([]) }));
    client.request(1, { isEnd: false });
    client.socket.write(Buffer.concat(Array.from({ length: 30_000 }, () => frames).flat()));
    assert.equal(codeOf(await client.nextOf(GoAway)), ErrorCode.EnhanceYourCalm);
    await client.closed();
  });
}

test('a flood of resets ends the connection (CVE-2023-44487), those that errors have us send too (CVE-2025-8671)', async (t) => {
  const server = await serve(t);
  const wrong = frameOf(WindowUpdate, 0, 1, uint32(0)).subarray(9);
  for (const [type, payload] of [
    [RstStream, uint32(ErrorCode.Cancel)],
    [WindowUpdate, wrong],
  ] as const) {
    const client = await RawClient.connect(t, server);
    const parts: Buffer[] = [];
    for (let n = 0; n < 20_000; n += 1) {
      parts.push(frameOf(Headers, EndHeaders, 1 + 2 * n, REQUEST), frameOf(type, 0, 1 + 2 * n, payload));
    }
    client.socket.write(Buffer.concat(parts));
    assert.equal(codeOf(await client.nextOf(GoAway)), ErrorCode.EnhanceYourCalm);
    await client.closed();
  }
});

test('a header block that never ends ends the connection (CVE-2024-27316)', async (t) => {
  const server = await serve(t);
  for (const part of [Buffer.alloc(0), Buffer.alloc(16_000)]) {
    const client = await RawClient.connect(t, server);
    client.send(Headers, 0, 1, REQUEST);
    for (let n = 0; n < 100; n += 1) client.send(Continuation, 0, 1, part);
    assert.equal(codeOf(await client.nextOf(GoAway)), ErrorCode.EnhanceYourCalm);
    await client.closed();
  }
});

test('as many pings as data are no flood', async (t) => {
  const client = await RawClient.connect(t, await serve(t), encodeSettings([[Setting.InitialWindowSize, 2 ** 30]]));
  client.send(WindowUpdate, 0, 0, uint32(2 ** 30));
  client.request(1, { isEnd: false });
  const some = Buffer.concat([frameOf(Data, 0, 1, [1]), frameOf(Ping, 0, 0, Buffer.alloc(8))]);
  for (let n = 0; n < 30; n += 1) {
    client.socket.write(Buffer.concat(Array.from({ length: 1000 }, () => some)));
    await client.settled();
  }
  assert.equal(client.dataBytes(1), 30_000);
});

test('a client that asks and does not read is not read from, and what it is sent stays bounded', async (t) => {
  let sentBytes = 0;
  const onStream = (stream: Stream): Receiver => {
    sentBytes += 100_000;
    const end = (): void => {
      void stream.send(Buffer.alloc(100_000));
      stream.finish(TRAILERS);
    };
    return { ...echo(stream), end };
  };
  const server = await serve(t, { onStream });
  const client = await RawClient.connect(t, server, encodeSettings([[Setting.InitialWindowSize, 2 ** 31 - 1]]));
  client.send(WindowUpdate, 0, 0, uint32(2 ** 30));
  await client.settled();
  client.socket.pause();
  for (let n = 0; n < 300; n += 1) client.request(1 + 2 * n);
  const { socket } = server.connections[0]!;
  while (!socket.writableNeedDrain) await new Promise(setImmediate);
  client.socket.write(Buffer.concat(Array.from({ length: 9000 }, () => frameOf(Ping, 0, 0, Buffer.alloc(8)))));
  while (!socket.isPaused()) await new Promise(setImmediate);
  assert.equal(sentBytes, 30_000_000);
  assert.ok(socket.writableLength < 2_000_000, `${socket.writableLength} bytes wait in the socket`);
  client.socket.resume();
  await client.next(({ type, flags, streamId }) => type === Headers && streamId === 599 && (flags & EndStream) !== 0);
  await client.settled();
  assert.equal(client.dataBytes(1), 100_000);
});
