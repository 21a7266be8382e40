import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { frame, type Message, type Outcome } from '../testing/grpc-client.ts';
import { startTestEtcd } from '../testing/start-test-etcd.ts';
import { Code } from './status.ts';

const range = ['etcdserverpb.RangeRequest', 'etcdserverpb.RangeResponse'] as const;
const put = ['etcdserverpb.PutRequest', 'etcdserverpb.PutResponse'] as const;
const watch = ['etcdserverpb.WatchRequest', 'etcdserverpb.WatchResponse'] as const;
const rangePath = '/etcdserverpb.KV/Range';
const watchPath = '/etcdserverpb.Watch/Watch';
const someKey: Message = { key: Buffer.from('k') };

test('what is not there is unimplemented', async (t) => {
  const { client } = await startTestEtcd(t);
  for (const path of ['/etcdserverpb.KV/Nothing', '/nobody.Here/Range', '/', '/toString']) {
    const { code } = await client.outcome(path, range, someKey);
    assert.equal(code, Code.Unimplemented, path);
  }
  const saying = async (path: string): Promise<string> => (await client.outcome(path, range, someKey)).message;
  assert.equal(await saying('/etcdserverpb.KV/Nothing'), 'unknown method Nothing for service etcdserverpb.KV');
  assert.equal(await saying('/nobody.Here/Range'), 'unknown service nobody.Here');
  assert.equal(await saying('/toString'), 'malformed method name: "/toString"');
});

test('what is no gRPC is refused as HTTP', async (t) => {
  const { client } = await startTestEtcd(t);
  const typed = await client.outcome(rangePath, range, someKey, { 'content-type': 'application/json' });
  assert.equal(typed.message, 'HTTP 415');
  const got = await client.outcome(rangePath, range, someKey, { ':method': 'PUT' });
  assert.equal(got.message, 'HTTP 405');
  const proto = await client.outcome(rangePath, range, someKey, { 'content-type': 'application/grpc+proto' });
  assert.equal(proto.code, Code.Ok);
});

test('gzip is read; any other compression is refused, saying what is taken', async (t) => {
  const { client } = await startTestEtcd(t, { maxRequestBytes: 1000 });
  const ask = (encoding: string, bytes: Buffer, flag = 1): Promise<Outcome> => {
    const stream = client.open('/etcdserverpb.KV/Put', put, { 'grpc-encoding': encoding });
    const head = Buffer.from([flag, 0, 0, 0, 0]);
    head.writeUInt32BE(bytes.length, 1);
    stream.http2.end(Buffer.concat([head, bytes]));
    return stream.ended;
  };
  const message = frame(put[0], { ...someKey, value: Buffer.from('v') }).subarray(5);
  assert.equal((await ask('gzip', gzipSync(message))).code, Code.Ok);
  // By its flag a message may be as it is.
  assert.equal((await ask('gzip', message, 0)).code, Code.Ok);
  const watching = client.open(watchPath, watch, { 'grpc-encoding': 'gzip' });
  const create = gzipSync(frame(watch[0], { create_request: someKey }).subarray(5));
  watching.http2.write(Buffer.from([1, 0, 0, 0, create.length]));
  watching.http2.write(create);
  assert.equal((await watching.next())['created'], true);
  watching.http2.close();

  const bomb = await ask('gzip', gzipSync(Buffer.alloc(64 << 20)));
  assert.deepEqual(
    [bomb.code, /after decompression larger than max/.test(bomb.message)],
    [Code.ResourceExhausted, true],
  );
  assert.equal((await ask('gzip', message)).code, Code.Internal);
  assert.equal((await ask('identity', message)).code, Code.Internal);
  assert.equal((await ask('gzip', message, 2)).code, Code.Internal);
  const stream = client.open(rangePath, range, { 'grpc-encoding': 'deflate' });
  const [headers] = (await once(stream.http2, 'response')) as [Message];
  assert.deepEqual([headers['grpc-status'], headers['grpc-accept-encoding']], ['12', 'identity,gzip']);
});

test('a request that is no message of its type, that is too large, or that never comes', async (t) => {
  const { client } = await startTestEtcd(t, { maxRequestBytes: 1000 });
  const malformed = client.open(rangePath, range);
  malformed.http2.end(Buffer.from([0, 0, 0, 0, 2, 0x0a, 9]));
  const { code, message } = await malformed.ended;
  assert.equal(code, Code.Internal);
  assert.match(message, /^grpc: error unmarshalling request: /);
  const large = await client.outcome('/etcdserverpb.KV/Put', put, { ...someKey, value: Buffer.alloc(600_000) });
  assert.equal(large.code, Code.ResourceExhausted);
  assert.match(large.message, /received message larger than max/);
  const absent = client.open(rangePath, range);
  absent.end();
  assert.equal((await absent.ended).code, Code.Internal);
});

test('a message that comes byte by byte is one message', async (t) => {
  const { client } = await startTestEtcd(t);
  const stream = client.open('/etcdserverpb.KV/Put', put);
  for (const byte of frame(put[0], { ...someKey, value: Buffer.from('v') })) {
    await new Promise((resolve) => stream.http2.write(Buffer.from([byte]), resolve));
  }
  stream.end();
  assert.equal((await stream.ended).code, Code.Ok);
});

test('the handler gets what is left of the caller’s time, and the server’s limit at most', async (t) => {
  const { client, member } = await startTestEtcd(t, { requestTimeoutMs: 3000 });
  const timeoutOf = async (headers: Record<string, string>): Promise<unknown> => {
    await client.outcome(rangePath, range, someKey, headers);
    const [, what] = member.calls.at(-1) as [string, { options: { timeoutMs: number } }];
    return what.options.timeoutMs;
  };
  assert.equal(await timeoutOf({}), 3000);
  assert.equal(await timeoutOf({ 'grpc-timeout': '10S' }), 3000);
  assert.equal(await timeoutOf({ 'grpc-timeout': '700m' }), 700);
  const { code } = await client.outcome(rangePath, range, someKey, { 'grpc-timeout': 'soon' });
  assert.equal(code, Code.Internal);
});

test('a streaming call ends at its deadline, and when its caller resets it', async (t) => {
  const { client, member } = await startTestEtcd(t);
  const late = client.open(watchPath, watch, { 'grpc-timeout': '2S' });
  late.send({ create_request: someKey });
  assert.equal((await late.next())['created'], true);
  const { code, message } = await late.ended;
  assert.deepEqual([code, message], [Code.DeadlineExceeded, 'context deadline exceeded']);
  const reset = client.open(watchPath, watch);
  reset.send({ create_request: someKey });
  await reset.next();
  assert.equal(member.watchesOpen, 1);
  reset.http2.close(constants.NGHTTP2_CANCEL);
  while (member.watchesOpen > 0) await new Promise(setImmediate);
});

test('a caller that goes away before its answer harms nobody', async (t) => {
  const { client, member } = await startTestEtcd(t);
  const { promise, resolve } = Promise.withResolvers<void>();
  member.gate = promise;
  const stream = client.open(rangePath, range);
  stream.send(someKey);
  while (member.calls.length < 1) await new Promise(setImmediate);
  stream.http2.close(constants.NGHTTP2_CANCEL);
  await once(stream.http2, 'close');
  resolve();
  assert.equal((await client.outcome(rangePath, range, someKey)).code, Code.Ok);
});

test('errors carry their code and their text', async (t) => {
  const { client, member, faults } = await startTestEtcd(t);
  const empty = await client.outcome(rangePath, range, {});
  assert.deepEqual([empty.code, empty.message], [Code.InvalidArgument, 'etcdserver: key is not provided']);
  member.failure = new Error('a fault of ours');
  const fault = await client.outcome(rangePath, range, someKey);
  assert.equal(fault.code, Code.Internal);
  assert.doesNotMatch(fault.message, /fault of ours/);
  assert.deepEqual(
    faults.map(({ event }) => event),
    ['etcd_request_failed'],
  );
});

test('more calls than the limit are refused at once', async (t) => {
  const { client, member } = await startTestEtcd(t, { maxCalls: 2 });
  const { promise, resolve } = Promise.withResolvers<void>();
  member.gate = promise;
  const held = [client.outcome(rangePath, range, someKey), client.outcome(rangePath, range, someKey)];
  while (member.calls.length < 2) await new Promise(setImmediate);
  const refused = await client.outcome(rangePath, range, someKey);
  assert.deepEqual([refused.code, refused.message], [Code.ResourceExhausted, 'etcdserver: too many requests']);
  resolve();
  for (const outcome of held) assert.equal((await outcome).code, Code.Ok);
  assert.equal((await client.outcome(rangePath, range, someKey)).code, Code.Ok);
});

test('messages that do not arrive whole hold no more memory than the limit', async (t) => {
  const { client } = await startTestEtcd(t, { maxBufferedBytes: 10_000 });
  const half = (): ReturnType<typeof client.open> => {
    const stream = client.open('/etcdserverpb.KV/Put', put);
    stream.http2.write(frame(put[0], { ...someKey, value: Buffer.alloc(9000) }).subarray(0, 6000));
    return stream;
  };
  const first = half();
  const second = half();
  const { code } = await Promise.race([first.ended, second.ended]);
  assert.equal(code, Code.ResourceExhausted);
  first.http2.close();
  second.http2.close();
});

test('pings are answered', async (t) => {
  const { client } = await startTestEtcd(t);
  await new Promise<void>((resolve, reject) => {
    client.session.ping((error) => (error === null ? resolve() : reject(error)));
  });
});

test('a connection that answers no ping is dropped', async (t) => {
  const { port } = await startTestEtcd(t, { pingIntervalMs: 20 });
  const silent = connect(port, '127.0.0.1');
  t.after(() => silent.destroy());
  const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  silent.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), emptySettings]));
  silent.resume();
  await once(silent, 'close');
});

test('stopping ends streams, finishes what was accepted, and takes nothing new', async (t) => {
  const { client, member, server } = await startTestEtcd(t);
  const stream = client.open(watchPath, watch);
  stream.send({ create_request: someKey });
  await stream.next();
  const { promise, resolve } = Promise.withResolvers<void>();
  member.gate = promise;
  const accepted = client.outcome(rangePath, range, someKey);
  while (!member.calls.some(([name]) => name === 'range')) await new Promise(setImmediate);
  const closed = server.close(60_000);
  const { code, message } = await stream.ended;
  assert.deepEqual([code, message], [Code.Unavailable, 'etcdserver: server stopped']);
  resolve();
  assert.equal((await accepted).code, Code.Ok);
  await closed;
});

test('stopping breaks off at the deadline what will not end', async (t) => {
  const { client, member, server } = await startTestEtcd(t);
  member.gate = new Promise(() => undefined);
  const stuck = client.outcome(rangePath, range, someKey);
  while (member.calls.length < 1) await new Promise(setImmediate);
  await server.close(20);
  assert.notEqual((await stuck).code, Code.Ok);
});
