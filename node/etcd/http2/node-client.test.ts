/** Node's own client of HTTP/2, which is nghttp2, against our connections. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import test, { type TestContext } from 'node:test';
import type { Receiver, Stream } from './stream.ts';
import { echo, OK, serve, TRAILERS } from './testing/raw-client.ts';

async function connectTo(
  t: TestContext,
  { port }: { port: number },
  options: object = {},
): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 200, ...options });
  t.after(() => session.destroy());
  await once(session, 'connect');
  return session;
}

async function ask(session: ClientHttp2Session, body: Buffer): Promise<Buffer> {
  const stream = session.request({ ':method': 'POST' });
  const trailers = once(stream, 'trailers');
  stream.end(body);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  assert.equal((await trailers)[0].end, 'yes');
  return Buffer.concat(chunks);
}

function patterned(length: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: Math.ceil(length / 4) }, (_, n) => n).buffer).subarray(0, length);
}

test('large messages, both ways, several at once', async (t) => {
  const session = await connectTo(t, await serve(t));
  const bodies = [1, 100_000, 5_000_000, 20_000_000].map(patterned);
  const answers = await Promise.all(bodies.map((body) => ask(session, body)));
  for (const [at, answer] of answers.entries()) assert.ok(answer.equals(bodies[at]!));
});

test('thousands of streams at once', async (t) => {
  const waiting: Stream[] = [];
  const onStream = (stream: Stream): Receiver => {
    waiting.push(stream);
    return { data: () => {}, end: () => {}, closed: () => {} };
  };
  const session = await connectTo(t, await serve(t, { onStream }));
  const body = Buffer.from('x');
  const answers = Array.from({ length: 5000 }, () => ask(session, body));
  while (waiting.length < 5000) await new Promise(setImmediate);
  for (const stream of waiting) {
    stream.sendHeaders(OK);
    void stream.send(Buffer.from(String(stream.id)));
    stream.finish(TRAILERS);
  }
  const seen = new Set((await Promise.all(answers)).map(String));
  assert.equal(seen.size, 5000);
});

test('callers that give up by the thousand leave nothing behind, and the others are answered', async (t) => {
  let open = 0;
  const onStream = (stream: Stream): Receiver => {
    open += 1;
    const { data, end } = echo(stream);
    const closed = (): void => {
      open -= 1;
    };
    return { data, end, closed };
  };
  const session = await connectTo(t, await serve(t, { onStream }));
  for (let round = 0; round < 10; round += 1) {
    const cancelled = Array.from({ length: 300 }, (_, n) => {
      const stream = session.request({ ':method': 'POST' });
      stream.on('error', () => {});
      stream.write(patterned(n * 10));
      if (n % 3 === 0) stream.close(constants.NGHTTP2_CANCEL);
      else setImmediate(() => stream.close(constants.NGHTTP2_CANCEL));
      return once(stream, 'close');
    });
    const body = patterned(100_000);
    const [answer] = await Promise.all([ask(session, body), ...cancelled]);
    assert.ok(answer.equals(body));
  }
  while (open > 0) await new Promise(setImmediate);
});

test('a reader that is slow gets everything, and holds up nobody on the same connection', async (t) => {
  const session = await connectTo(t, await serve(t), { settings: { initialWindowSize: 10_000 } });
  const body = patterned(1_000_000);
  const slow = session.request({ ':method': 'POST' });
  slow.end(body);
  await once(slow, 'response');
  slow.pause();
  for (let n = 0; n < 20; n += 1) assert.equal((await ask(session, Buffer.from('quick'))).toString(), 'quick');
  const chunks: Buffer[] = [];
  for await (const chunk of slow) {
    chunks.push(chunk as Buffer);
    await new Promise(setImmediate);
  }
  assert.ok(Buffer.concat(chunks).equals(body));
});

test('a client without a header table', async (t) => {
  const session = await connectTo(t, await serve(t), { settings: { headerTableSize: 0 } });
  for (let n = 0; n < 3; n += 1) assert.equal((await ask(session, Buffer.from('a'))).toString(), 'a');
});
