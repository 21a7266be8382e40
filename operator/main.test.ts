/** The process against an API server that is scripted; what it does there is tested part by part. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Exchange, ScriptedServer, status } from './kube/testing/scripted-server.ts';
import { until } from './kube/testing/until.ts';
import { runOperator } from './main.ts';

const metadata = { name: 'db', namespace: 'apps', uid: 'u', resourceVersion: '1' };
/** An event tells of it, and nothing else is written. */
const notUnderstood = { metadata, spec: { healing: { mode: 'ByMagic' } } };

test('an API server that has no time for events holds up nothing else', async () => {
  const server = await ScriptedServer.start();
  const folder = await mkdtemp(path.join(tmpdir(), 'quorate-'));
  const kubeconfig = path.join(folder, 'config');
  const cluster = { name: 'c', cluster: { server: server.apiServer.url } };
  const context = { name: 'x', context: { cluster: 'c', user: 'u' } };
  const users = [{ name: 'u', user: {} }];
  await writeFile(
    kubeconfig,
    JSON.stringify({ clusters: [cluster], contexts: [context], users, 'current-context': 'x' }),
  );
  const flags = { kubeconfig, image: 'i', 'leader-election': 'false', listen: '127.0.0.1:0', 'log-level': 'error' };
  let isOver = false;
  let refusedEvents = 0;
  const watches: Exchange[] = [];
  const answer = (exchange: Exchange): void => {
    if (exchange.method === 'POST') {
      refusedEvents += 1;
      exchange.answer(429, status(429, 'TooManyRequests', 'later'), { 'retry-after': '60' });
    } else if (exchange.query.has('watch')) {
      watches.push(exchange);
      exchange.begin();
    } else {
      const items = exchange.path.endsWith('/raftclusters') ? [notUnderstood] : [];
      exchange.answer(200, { items, metadata: { resourceVersion: '1' } });
    }
  };
  const serving = (async () => {
    while (!isOver) {
      if (server.waiting > 0) answer(await server.next());
      else await setImmediate();
    }
  })();
  const running = runOperator(flags, {});
  try {
    await until(() => refusedEvents > 0, 'an event was refused');
    const before = watches.length;
    watches[0]?.end();
    await until(() => watches.length > before, 'a watch that ended was begun anew');
  } finally {
    process.emit('SIGTERM');
    await running;
    isOver = true;
    await serving;
    await server.kill();
    await rm(folder, { recursive: true });
  }
});
