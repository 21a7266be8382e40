/** The setting reaches the watch: through a real member, by the gateway. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { LocalCluster } from '../processes/local-cluster.ts';

type Line = { readonly result: { readonly created?: boolean; readonly events?: unknown[]; readonly header: unknown } };

test('a quiet watch hears how far it is as often as --watch-progress-notify-interval says', async () => {
  const cluster = await LocalCluster.form(1, ['--watch-progress-notify-interval=100ms']);
  try {
    const call = request(`${cluster.members[0]!.url}/v3/watch`, { method: 'POST' });
    call.end(JSON.stringify({ create_request: { key: 'YQ==', progress_notify: true } }));
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    const lines = createInterface(response)[Symbol.asyncIterator]();
    const next = async (): Promise<Line> => JSON.parse((await lines.next()).value as string) as Line;
    assert.equal((await next()).result.created, true);
    const startedMs = performance.now();
    for (const mark of [await next(), await next()]) assert.equal(mark.result.events, undefined);
    assert.ok(performance.now() - startedMs < 10_000, 'two by default take longer');
    call.destroy();
  } finally {
    await cluster.remove();
  }
});
