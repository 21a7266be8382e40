import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { Drain } from '../../api/drain.ts';
import { StoreMember } from '../../api/testing/store-member.ts';
import { SimpleTokens } from '../../server/auth-token.ts';
import { RequestError } from '../../server/types.ts';
import { createEtcdApi } from '../etcd-api.ts';
import { allMethods } from '../methods.ts';
import { protoRoot } from '../proto/reflected.ts';
import { contextOf, testLimits } from '../testing/start-test-etcd.ts';
import { gatewayRoutes } from './routes.ts';

type Json = Record<string, unknown>;

async function start(t: TestContext) {
  const member = await StoreMember.open();
  const drain = new Drain();
  const faults: object[] = [];
  const observed: string[] = [];
  const log = { error: (fields: object) => void faults.push(fields) };
  const options = {
    member,
    readiness: () => drain.readiness(member.readiness()),
    limits: testLimits,
    version: '3.5.21',
    peerScheme: 'http',
    assertAdmin: async () => {},
    tokens: new SimpleTokens(),
    log,
    observe: (path: string, code: string) => void observed.push(`${path} ${code}`),
  } as const;
  const { gateway } = createEtcdApi(options, ({ origin }) => {
    if (origin !== undefined) throw new RequestError('permission_denied', 'of another origin');
  });
  const server = createServer((request, response) => {
    if (!gateway.serve(request, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    gateway.endStreams();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(url + path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers });
  const json = async (path: string, body: unknown): Promise<Json> => (await (await post(path, body)).json()) as Json;
  return { member, drain, gateway, url, post, json, faults, observed };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const header = (revision: string): Json => ({ cluster_id: '193', member_id: '1', revision, raft_term: '1' });

test('put and range: base64, numbers as text, zeros left out, either case of names', async (t) => {
  const { json } = await start(t);
  assert.deepEqual(await json('/v3/kv/put', { key: base64('a'), value: base64('1'), unknown: [1] }), {
    header: header('2'),
  });
  const item = { key: base64('a'), value: base64('1'), create_revision: '2', mod_revision: '2', version: '1' };
  const answer = { header: header('2'), kvs: [item], count: '1' };
  assert.deepEqual(await json('/v3/kv/range', { key: base64('a') }), answer);
  assert.deepEqual(await json('/v3beta/kv/range', { key: base64('a'), rangeEnd: base64('b'), limit: '5' }), answer);
  assert.deepEqual(await json('/v3/kv/range', { key: base64('b'), sort_order: 'DESCEND', sort_target: 3 }), {
    header: header('2'),
  });
});

test('a transaction, with its operations and what it compares under their names', async (t) => {
  const { json } = await start(t);
  const txn = {
    compare: [{ key: base64('a'), target: 'CREATE', result: 'EQUAL', create_revision: '0' }],
    success: [{ request_put: { key: base64('a'), value: base64('1') } }],
    failure: [{ requestRange: { key: base64('a') } }],
  };
  assert.deepEqual(await json('/v3/kv/txn', txn), {
    header: header('2'),
    succeeded: true,
    responses: [{ response_put: { header: { revision: '2' } } }],
  });
  const second = await json('/v3/kv/txn', txn);
  assert.equal(second['succeeded'], undefined);
  assert.equal((second['responses'] as { response_range: Json }[])[0]?.response_range['count'], '1');
});

test('a watch is lines, and stays open when all was said; a keep-alive ends', async (t) => {
  const { post, json, gateway, member } = await start(t);
  const response = await post('/v3/watch', { create_request: { key: base64('w') } });
  const lines = linesOf(response);
  assert.deepEqual(await lines(), { result: { header: header('1'), created: true } });
  await json('/v3/kv/put', { key: base64('w'), value: base64('1') });
  const events = ((await lines()) as { result: { events: { kv: Json }[] } }).result.events;
  assert.equal(events[0]?.kv['value'], base64('1'));
  gateway.endStreams();
  assert.deepEqual(await lines(), { error: { code: 14, message: 'etcdserver: server stopped', details: [] } });
  while (member.watchesOpen > 0) await new Promise((resolve) => setImmediate(resolve));
  const { ID } = await json('/v3/lease/grant', { TTL: 60 });
  const kept = await post('/v3/lease/keepalive', { ID });
  assert.equal(((await kept.json()) as { result: Json }).result['TTL'], '60');
});

test('errors are those of gRPC, with a status', async (t) => {
  const { post, json, url, member, observed } = await start(t);
  const failure = async (path: string, body: unknown, headers = {}): Promise<[number, unknown, unknown]> => {
    const response = await post(path, body, headers);
    const { code, message } = (await response.json()) as Json;
    return [response.status, code, message];
  };
  assert.deepEqual(await failure('/v3/kv/range', {}), [400, 3, 'etcdserver: key is not provided']);
  assert.deepEqual(await failure('/v3/lease/revoke', { ID: 7 }), [404, 5, 'etcdserver: requested lease not found']);
  assert.equal((await failure('/v3/kv/range', '{'))[0], 400);
  assert.equal((await failure('/v3/kv/range', { key: 1 }))[0], 400);
  assert.equal((await failure('/v3/kv/range', { key: base64('a'), sort_order: 'UP' }))[0], 400);
  const someKey = { key: base64('a') };
  assert.deepEqual(await failure('/v3/kv/range', someKey, { 'grpc-timeout': 'soon' }), [
    400,
    3,
    'malformed grpc-timeout',
  ]);
  assert.equal((await failure('/v3/nothing', {}))[0], 404);
  assert.equal((await fetch(`${url}/v3/kv/range`)).status, 405);
  assert.equal((await failure('/v3/kv/put', { key: base64('a') }, { origin: 'http://evil' }))[0], 403);
  member.failure = new RequestError('no_leader', 'none');
  assert.deepEqual(await failure('/v3/kv/range', { key: base64('a') }), [503, 14, 'etcdserver: no leader']);
  member.failure = null;
  const large = { key: base64('a'), value: Buffer.alloc(testLimits.maxRequestBytes + 1).toString('base64') };
  assert.deepEqual((await failure('/v3/kv/put', large)).slice(0, 2), [400, 3]);
  assert.equal((await json('/v3/maintenance/status', {}))['version'], '3.5.21');
  assert.deepEqual(observed, [
    '/etcdserverpb.KV/Range InvalidArgument',
    '/etcdserverpb.Lease/LeaseRevoke NotFound',
    ...Array.from({ length: 3 }, () => '/etcdserverpb.KV/Range InvalidArgument'),
    '/etcdserverpb.KV/Put PermissionDenied',
    '/etcdserverpb.KV/Range Unavailable',
    '/etcdserverpb.KV/Put InvalidArgument',
    '/etcdserverpb.Maintenance/Status OK',
  ]);
});

test('every path has its method and messages', async () => {
  const member = await StoreMember.open();
  const methods = allMethods(contextOf(member));
  for (const [path, { method, request, response }] of gatewayRoutes) {
    assert.ok(method in methods, path);
    for (const type of [request, response]) assert.ok(protoRoot().lookupType(type), path);
  }
  const mapped = new Set([...gatewayRoutes.values()].map(({ method }) => method));
  const unmapped = Object.keys(methods).filter((method) => !mapped.has(method) && !method.startsWith('/grpc.'));
  assert.deepEqual(unmapped, ['/etcdserverpb.KV/RangeStream']);
});

test('a token of the gateway opens the gateway', async (t) => {
  const { json, post } = await start(t);
  await json('/v3/auth/user/add', { name: 'root', password: 'p' });
  await json('/v3/auth/role/add', { name: 'root' });
  await json('/v3/auth/user/grant', { user: 'root', role: 'root' });
  await json('/v3/auth/enable', {});
  const put = { key: base64('a') };
  assert.equal((await post('/v3/kv/put', put)).status, 400);
  const token = String((await json('/v3/auth/authenticate', { name: 'root', password: 'p' }))['token']);
  for (const authorization of [token, `Bearer ${token}`]) {
    assert.equal((await post('/v3/kv/put', put, { authorization })).status, 200);
  }
  assert.equal((await post('/v3/kv/put', put, { authorization: `${token}x` })).status, 401);
});

test('health follows readiness, and other paths are for others', async (t) => {
  const { url, member, drain } = await start(t);
  const takeBack = drain.begin();
  const leaving = await fetch(`${url}/health`);
  assert.deepEqual(
    [leaving.status, await leaving.json()],
    [503, { health: 'false', reason: 'this member is about to stop' }],
  );
  takeBack();
  const ready = await fetch(`${url}/health`);
  assert.deepEqual([ready.status, await ready.json()], [200, { health: 'true' }]);
  member.readinessAnswer = { ready: false, checks: [{ name: 'leader', ok: false, message: 'no leader' }] };
  const not = await fetch(`${url}/health`);
  assert.deepEqual([not.status, await not.json()], [503, { health: 'false', reason: 'no leader' }]);
  assert.equal((await fetch(`${url}/v1/status`)).status, 418);
});

function linesOf(response: Response): () => Promise<unknown> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return async () => {
    for (let end = text.indexOf('\n'); ; end = text.indexOf('\n')) {
      if (end >= 0) {
        const document = JSON.parse(text.slice(0, end)) as unknown;
        text = text.slice(end + 1);
        return document;
      }
      const { value, done } = await reader.read();
      if (done) throw new Error('the stream has ended');
      text += value;
    }
  };
}
