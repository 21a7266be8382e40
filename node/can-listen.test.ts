import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../test/free-ports.ts';
import { assertCanListen } from './can-listen.ts';

test('one place for two listeners is refused, whatever the two call it', async () => {
  const port = await freePorts(2);
  const free = { host: '127.0.0.1', port: port + 1 };
  for (const [one, other] of [
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.1', '127.1'],
  ]) {
    const [first, second] = [one!, other!].map((host) => ({ host, port }));
    const said = new RegExp(
      `^--listen-peer: '${other}:${port}' is where --listen-client listens: choose another port$`,
    );
    await assert.rejects(assertCanListen({ listenClient: first!, listenPeer: second!, listenHealth: null }), {
      name: 'ConfigError',
      message: said,
    });
    await assert.rejects(assertCanListen({ listenClient: first!, listenPeer: free, listenHealth: second! }), {
      message: /^--listen-health: .* is where --listen-client listens/,
    });
  }
});

test('a port that somebody else has is told as that, and all others are let go of', async () => {
  const port = await freePorts(3);
  const [first, second, third] = [0, 1, 2].map((more) => ({ host: '127.0.0.1', port: port + more }));
  const all = { listenClient: first!, listenPeer: second!, listenHealth: third! };
  await using taken = createServer().listen(third!.port, '127.0.0.1');
  await once(taken, 'listening');
  const inUse = new RegExp(`^cannot listen on 127.0.0.1:${port + 2}: the port is in use.* --listen-health$`);
  await assert.rejects(assertCanListen(all), { message: inUse });
  await assert.rejects(assertCanListen({ ...all, listenPeer: third! }), { message: /in use.* --listen-peer$/ });
  await taken[Symbol.asyncDispose]();
  await assertCanListen(all);
  await assertCanListen(all);
});

test('who dials a port while it is tried does not hold the start up', async () => {
  const port = await freePorts(2);
  let isOver = false;
  let dialled: Socket | null = null;
  const dial = (): void => {
    if (isOver) return;
    dialled = connect(port, '127.0.0.1')
      .on('error', () => {})
      .on('close', () => setTimeout(dial, 1));
    dialled.end('hello');
  };
  dial();
  try {
    // Names are looked up while the ports are open: the connection is there by then.
    const [listenClient, listenPeer] = [0, 1].map((more) => ({ host: 'localhost', port: port + more }));
    for (let n = 0; n < 40; n += 1)
      await assertCanListen({ listenClient: listenClient!, listenPeer: listenPeer!, listenHealth: null });
  } finally {
    isOver = true;
    dialled!.destroy();
  }
});
