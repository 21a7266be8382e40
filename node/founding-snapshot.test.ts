import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { foundingSnapshot } from './founding-snapshot.ts';
import type { FoundingSnapshot } from './server/types.ts';

const content = randomBytes(3_000_000);
const sha256 = createHash('sha256').update(content).digest('hex');

type Place = {
  readonly folder: string;
  bring(source: string, signal?: AbortSignal): Promise<FoundingSnapshot>;
  serve(listener: RequestListener): Promise<string>;
};

async function place(t: TestContext): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const downloadTo = join(folder, 'restore.snapshot');
  return {
    folder,
    bring: (source, signal = new AbortController().signal) =>
      foundingSnapshot({ source, downloadTo, signal, log: () => {} }),
    serve: async (listener) => {
      const server = createServer(listener);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      t.after(() => server.close());
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/s`;
    },
  };
}

test('a file is used where it lies, and stays', async (t) => {
  const { bring, folder } = await place(t);
  const file = join(folder, 'backup');
  await writeFile(file, content);
  const snapshot = await bring(file);
  await snapshot.release();
  assert.deepEqual([snapshot.path, snapshot.sha256, await readdir(folder)], [file, sha256, ['backup']]);
});

test('what is not there is said at once', async (t) => {
  const { bring, folder, serve } = await place(t);
  await assert.rejects(bring(join(folder, 'none')), { code: 'invalid_request', message: /ENOENT/ });
  const url = await serve((_request, response) => response.writeHead(404).end());
  await assert.rejects(bring(`${url}?secret=1`), { code: 'invalid_request', message: /\/s answers 404/ });
  assert.deepEqual(await readdir(folder), []);
});

test('a download that breaks off goes on where it was', async (t) => {
  const { bring, folder, serve } = await place(t);
  const ranges: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    ranges.push(request.headers.range);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const headers = { ETag: '"1"', 'Content-Length': content.length - from };
    response.writeHead(from === 0 ? 200 : 206, headers);
    if (from > 0) return void response.end(content.subarray(from));
    response.write(content.subarray(0, 1_000_000), () => response.destroy());
  });
  const snapshot = await bring(url);
  assert.equal(snapshot.sha256, sha256);
  assert.deepEqual(await readFile(snapshot.path), content);
  assert.equal(ranges.length, 2);
  assert.match(ranges[1] ?? '', /^bytes=[1-9]/);
  await snapshot.release();
  assert.deepEqual(await readdir(folder), []);
});

test('a server that cannot send parts, or has another version by now, is read from the beginning', async (t) => {
  const { bring, serve } = await place(t);
  let requests = 0;
  const url = await serve((_request, response) => {
    response.writeHead(200, { ETag: `"${++requests}"`, 'Content-Length': content.length });
    if (requests > 1) return void response.end(content);
    response.write(randomBytes(500_000), () => response.destroy());
  });
  assert.equal((await bring(url)).sha256, sha256);
});

test('a server that is ill is asked again, and a stop ends the waiting', async (t) => {
  const { bring, folder, serve } = await place(t);
  let requests = 0;
  const url = await serve((_request, response) => {
    if (++requests === 1) response.writeHead(503).end();
    else response.end(content);
  });
  assert.equal((await bring(url)).sha256, sha256);
  const stop = new AbortController();
  const silent = await serve(() => stop.abort());
  await assert.rejects(bring(silent, stop.signal), { code: 'not_ready' });
  assert.deepEqual(await readdir(folder), []);
});
