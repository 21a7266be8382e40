import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { MemberConnections } from './connections.ts';
import { httpMembers } from './http-members.ts';

type Answer = { status: number; body: object };

async function serve(
  t: TestContext,
  answer: (path: string, authorization: string | undefined) => Answer,
): Promise<number> {
  const server: Server = createServer((request, response) => {
    const { status, body } = answer(request.url!, request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Members that listen on local ports, by pod name. */
function membersAt(ports: Readonly<Record<string, number>>) {
  const fetch: typeof globalThis.fetch = (input, init) => {
    const url = new URL(input as string);
    const port = ports[url.hostname.split('.')[0]!];
    return globalThis.fetch(`http://127.0.0.1:${port}${url.pathname}${url.search}`, init);
  };
  return httpMembers({ cluster: 'db', namespace: 'ns', scheme: 'http', token: 'secret', fetch });
}

const noLeader = { status: 503, body: { error: { code: 'no_leader', message: 'nobody leads' } } };

test('each member is tried once, and no longer than that', async (t) => {
  let calls = 0;
  const port = await serve(t, () => {
    calls++;
    return noLeader;
  });
  await assert.rejects(membersAt({ 'db-0': port, 'db-1': port }).cluster(['db-0', 'db-1']), { code: 'no_leader' });
  assert.equal(calls, 2);
});

test('the next member is asked when one cannot, with the token', async (t) => {
  const port = await serve(t, (_path, authorization) =>
    authorization === 'Bearer secret'
      ? { status: 200, body: { id: 4, config_index: 5 } }
      : { status: 401, body: { error: { code: 'unauthenticated', message: 'no token' } } },
  );
  const stopping = await serve(t, () => ({ status: 503, body: { error: { code: 'stopping', message: 'it stops' } } }));
  const members = membersAt({ 'db-0': stopping, 'db-1': port });
  const member = { name: 'db-3', peer_address: 'db-3:2380', incarnation: 'i', expected_config_index: 4 };
  assert.deepEqual(await members.addMember(['db-0', 'db-1'], member), { id: 4, config_index: 5 });
});

test('a member that still opens its data says so on its health port, one that serves or is away does not', async (t) => {
  const saying = (body: object) =>
    serve(t, (path) => (path === '/readyz' ? { status: 503, body } : { status: 404, body: {} }));
  const members = membersAt({
    'db-0': await saying({ ready: false, opening: true, checks: [] }),
    'db-1': await saying({ ready: false, checks: [] }),
    'db-2': 1,
  });
  const names = ['db-0', 'db-1', 'db-2'];
  assert.deepEqual(await Promise.all(names.map((name) => members.isOpening(name))), [true, false, false]);
});

test('a change whose outcome is unknown is not sent to another member', async (t) => {
  let calls = 0;
  const port = await serve(t, () => {
    calls++;
    return { status: 504, body: { error: { code: 'outcome_unknown', message: 'the leader is gone' } } };
  });
  const members = membersAt({ 'db-0': port, 'db-1': port });
  await assert.rejects(members.promote(['db-0', 'db-1'], 3, { expected_config_index: 4 }), { code: 'outcome_unknown' });
  assert.equal(calls, 1);
});

test('a member is reached at the address of its pod, whatever DNS says of its name', async (t) => {
  let host = '';
  const server = createServer((request, response) => {
    host = request.headers.host ?? '';
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const connections = new MemberConnections(() => '127.0.0.1');
  t.after(() => connections.close());
  const { port } = server.address() as AddressInfo;
  const name = 'db-0.db-peers.ns.svc';
  const answer = await connections.fetchFor('ns/db', null)(`http://${name}:${port}/`);
  await answer.text();
  assert.equal(host, `${name}:${port}`);
});
