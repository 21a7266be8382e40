/** docs/etcd.md has a row for every method that is served, and no row for one that is not. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';

const PROTOS = new URL('../../node/etcd/proto/', import.meta.url);
const PAGE = new URL('../../docs/etcd.md', import.meta.url);

async function served(): Promise<Set<string>> {
  const names = new Set<string>();
  for (const file of (await readdir(PROTOS)).filter((name) => name.endsWith('.proto'))) {
    const text = await readFile(new URL(file, PROTOS), 'utf8');
    for (const [, service, body] of text.matchAll(/^service (\w+) \{(.*?)^\}/gms)) {
      for (const [, method] of body!.matchAll(/^ {2}rpc (\w+)\(/gm)) names.add(`${service}.${method}`);
    }
  }
  return names;
}

/** In the first column of the table: `Service.Method`, and methods of the same service after it. */
async function documented(): Promise<Set<string>> {
  const page = await readFile(PAGE, 'utf8');
  const table = page.slice(page.indexOf('| call | state |'));
  const names = new Set<string>();
  for (const [, cell] of table.slice(0, table.indexOf('\n\n')).matchAll(/^\| ([^|]*) \|/gm)) {
    let service = '';
    for (const [, name] of cell!.matchAll(/`([\w.]+)`/g)) {
      // A version of a service.
      if (/^(?:grpc\.|v1)\w*(?:\.v1)?$/.test(name!)) continue;
      const parts = name!.split('.');
      if (parts.length > 1) service = parts.at(-2)!;
      names.add(`${service}.${parts.at(-1)}`);
    }
  }
  return names;
}

test('every method has its row', async () => {
  assert.deepEqual([...(await documented())].sort(), [...(await served())].sort());
});
