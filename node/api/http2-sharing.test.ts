import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { issue, makeAuthority, makeTlsPaths } from '../transport/testing/certificates.ts';
import { ReloadingTls } from '../transport/tls.ts';
import type { Http2Door } from './http2-sharing.ts';
import { startTestApi, type TestApiOptions } from './testing/start-test-api.ts';

/** Answers every request of HTTP/2 with `two`, but for `/never`. */
function doorThatSaysTwo(t: TestContext): Http2Door & { readonly accepted: Socket[] } {
  const server = createHttp2Server();
  const accepted: Socket[] = [];
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    if (headers[':path'] === '/never') return;
    stream.respond({ ':status': 200 });
    stream.end('two');
  });
  const destroy = (): void => {
    for (const socket of accepted) socket.destroy();
  };
  t.after(destroy);
  return {
    accepted,
    accept: (socket) => {
      accepted.push(socket);
      server.emit('connection', socket);
    },
    close: destroy,
    destroy,
  };
}

async function askOverHttp2(t: TestContext, url: string, options: object = {}): Promise<string> {
  const session = connectHttp2(url, options);
  t.after(() => session.destroy());
  const stream = session.request({ ':path': '/' });
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(stream, 'end');
  return text;
}

function start(t: TestContext, options: TestApiOptions = {}) {
  const door = doorThatSaysTwo(t);
  return { door, api: startTestApi(t, { ...options, http2: () => door }) };
}

async function answerTo(socket: Socket, enough: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    if (enough.test(text)) return text;
  }
  return text;
}

test('one port answers HTTP/1.1 and HTTP/2, each over as many connections as it likes', async (t) => {
  const { api, door } = start(t);
  const { url, request } = await api;
  for (let n = 0; n < 3; n += 1) {
    assert.equal(await askOverHttp2(t, url), 'two');
    assert.equal((await request('/livez')).status, 200);
  }
  assert.equal(door.accepted.length, 3);
});

test('the first bytes may come one by one, and nothing of them is lost', async (t) => {
  const { api, door } = start(t);
  const { port } = await api;
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const http1 = 'PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nvalue';
  for (const [bytes, expected] of [
    [http1, /200 OK[\s\S]*revision/],
    [`${preface}\0\0\0\x04\0\0\0\0\0`, /^\0\0/],
  ] as const) {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    await once(socket, 'connect');
    for (const byte of bytes) await new Promise((resolve) => socket.write(byte, 'latin1', resolve));
    assert.match(await answerTo(socket, expected), expected);
    socket.destroy();
  }
  assert.equal(door.accepted.length, 1);
});

test('requests that come together on one connection are all answered', async (t) => {
  const { api } = start(t);
  const { port } = await api;
  const socket = connect(port, '127.0.0.1');
  const get = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
  socket.write(get.repeat(20));
  const text = await answerTo(socket, /(?:HTTP\/1\.1 200[\s\S]*){20}/);
  assert.equal(text.match(/HTTP\/1\.1 200/g)?.length, 20);
  socket.destroy();
});

test('a connection that says nothing does not hold up a clean stop', async (t) => {
  const { api } = start(t);
  const { port, server } = await api;
  const silent = connect(port, '127.0.0.1');
  const half = connect(port, '127.0.0.1');
  await Promise.all([once(silent, 'connect'), once(half, 'connect')]);
  half.write('PR');
  const gone = [silent, half].map((socket) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.on('error', () => {}); // reset rather than ended, where it had said something
    socket.on('close', () => resolve());
    socket.resume();
    return promise;
  });
  await server.close(60_000);
  await Promise.all(gone);
});

test('a client that hangs up before it says anything is forgotten', async (t) => {
  const { api, door } = start(t);
  const { port } = await api;
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.end();
  socket.resume();
  await once(socket, 'close');
  assert.equal(door.accepted.length, 0);
});

test('an HTTP/2 client that ends its connection is gone at once, with what it had asked for', async (t) => {
  const { api, door } = start(t);
  const { url } = await api;
  const session = connectHttp2(url);
  session.request({ ':path': '/never' }).on('error', () => {});
  while (door.accepted.length === 0) await new Promise(setImmediate);
  const closed = once(door.accepted[0]!, 'close');
  await new Promise((resolve) => session.ping(resolve));
  session.destroy();
  await closed;
});

test('with TLS, who can speak HTTP/1.1 gets that, and who speaks only HTTP/2 gets that', async (t) => {
  const authority = await makeAuthority('servers');
  const paths = makeTlsPaths(t);
  await issue(authority, paths, ['127.0.0.1']);
  const log = { info: () => undefined, warn: () => undefined };
  const { api, door } = start(t, { tls: { files: new ReloadingTls(paths, log), clientCertificates: 'None' } });
  const { url, port } = await api;
  const ca = authority.pem;
  assert.equal(await askOverHttp2(t, url, { ca, ALPNProtocols: ['h2'] }), 'two');
  for (const ALPNProtocols of [['h2', 'http/1.1'], ['http/1.1'], undefined]) {
    const socket = connectTls({ host: '127.0.0.1', port, ca, ...(ALPNProtocols && { ALPNProtocols }) });
    await once(socket, 'secureConnect');
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.match(await answerTo(socket, /200 OK/), /^HTTP\/1\.1 200 OK/);
    socket.destroy();
  }
  assert.equal(door.accepted.length, 1);
});
