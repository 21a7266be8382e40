import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fetchSnapshot } from './snapshot-fetch.ts';

async function serve(t: TestContext, listener: RequestListener): Promise<{ url: string; folder: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'quorate-fetch-'));
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/snapshot`, folder };
}

test('a file is fetched once', async (t) => {
  let requests = 0;
  const { url, folder } = await serve(t, (_, response) => {
    requests += 1;
    response.end('content');
  });
  const file = join(folder, 'snapshot');
  assert.equal(await fetchSnapshot(url, file), true);
  assert.equal(readFileSync(file, 'utf8'), 'content');
  assert.equal(await fetchSnapshot(url, file), false);
  assert.equal(requests, 1);
});

test('what is refused or breaks off leaves nothing', async (t) => {
  const { url, folder } = await serve(t, (request, response) => {
    if (request.url === '/snapshot') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half', () => response.destroy());
  });
  await assert.rejects(fetchSnapshot(url, join(folder, 'a')), /answers 404 Not Found/);
  await assert.rejects(
    fetchSnapshot(`${url}/broken`, join(folder, 'b')),
    /cannot fetch the snapshot from .*\/broken: /,
  );
  assert.deepEqual(readdirSync(folder), []);
});

test('what has arrived before a connection broke is not fetched again', async (t) => {
  const ranges: (string | undefined)[] = [];
  const { url, folder } = await serve(t, ({ headers: { range } }, response) => {
    ranges.push(range);
    if (range !== undefined) return void response.writeHead(206, { etag: '"1"', 'content-length': '4' }).end('tent');
    response.writeHead(200, { etag: '"1"', 'content-length': '7' });
    return void response.write('con', () => response.destroy());
  });
  const file = join(folder, 'snapshot');
  await fetchSnapshot(url, file);
  assert.equal(readFileSync(file, 'utf8'), 'content');
  assert.deepEqual(ranges, [undefined, 'bytes=3-']);
});

test('what an error says holds no secret of a presigned URL', async (t) => {
  const { url, folder } = await serve(t, (_, response) => void response.writeHead(403).end());
  await assert.rejects(fetchSnapshot(`${url}?signature=secret`, join(folder, 'a')), ({ message }: Error) => {
    assert.match(message, /\/snapshot answers 403/);
    return !message.includes('secret');
  });
});
