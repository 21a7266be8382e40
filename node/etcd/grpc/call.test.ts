import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http2';
import test, { type TestContext } from 'node:test';
import { startTestApi, type TestApiOptions } from '../../api/testing/start-test-api.ts';
import { HeldAnswers } from '../../server/held-answers.ts';
import { issue, makeAuthority, makeTlsPaths } from '../../transport/testing/certificates.ts';
import { ReloadingTls } from '../../transport/tls.ts';
import { GrpcClient } from '../testing/grpc-client.ts';
import type { Call } from './call.ts';
import { unary } from './method.ts';
import { GrpcServer } from './server.ts';
import { Code, GrpcError } from './status.ts';

const types = ['etcdserverpb.StatusRequest', 'etcdserverpb.StatusResponse'] as const;

/** A server of one method, `/Look`, that shows its call to the test. */
async function startLooking(t: TestContext, look: (call: Call) => Promise<void>, options: TestApiOptions = {}) {
  const nothing = (): null => null;
  const observed: [path: string, code: number, seconds: number][] = [];
  const server = new GrpcServer({
    methods: { '/Look': unary(nothing, nothing, (_request, call) => look(call).then(nothing)) },
    limits: {
      maxMessageBytes: 1000,
      maxCalls: 10,
      maxBufferedBytes: 1000,
      maxTimeoutMs: 5000,
      pingIntervalMs: 60_000,
    },
    answers: new HeldAnswers(() => performance.now(), 1 << 20),
    before: () => {},
    observe: (...what) => void observed.push(what),
    errorOf: (error) => (error instanceof GrpcError ? error : new GrpcError(Code.Unknown, String(error))),
    stopped: new GrpcError(Code.Unavailable, 'stopped'),
    tooMany: new GrpcError(Code.ResourceExhausted, 'too many'),
  });
  const { url } = await startTestApi(t, { ...options, http2: () => server });
  return {
    url,
    observed,
    ask: async (tls: object = {}, headers: OutgoingHttpHeaders = {}) =>
      (await GrpcClient.connect(t, url, tls)).outcome('/Look', types, {}, headers),
  };
}

test('metadata, plain and binary', async (t) => {
  const seen: unknown[] = [];
  const { ask } = await startLooking(t, async (call) => {
    seen.push(call.metadata('token'), call.metadata('absent'), call.metadata('twice'), call.binaryMetadata('raw-bin'));
  });
  await ask({}, { token: 'secret', twice: ['a', 'b'], 'raw-bin': 'AP8' });
  assert.deepEqual(seen, ['secret', undefined, 'a, b', Buffer.from([0, 255])]);
});

test('what waits is told when its caller’s time is over, and when it has gone', async (t) => {
  const begun: Call[] = [];
  const reasons: string[] = [];
  const { ask, url } = await startLooking(t, async (call) => {
    begun.push(call);
    await new Promise<void>((done) => {
      call.signal.addEventListener('abort', () => done());
    });
    reasons.push((call.signal.reason as Error).message);
    throw call.signal.reason;
  });
  const late = await ask({}, { 'grpc-timeout': '50m' });
  assert.equal(late.code, Code.DeadlineExceeded);
  const client = await GrpcClient.connect(t, url);
  client.open('/Look', types).send({});
  while (begun.length < 2) await new Promise(setImmediate);
  client.session.destroy();
  while (reasons.length < 2) await new Promise(setImmediate);
  assert.deepEqual(reasons, ['context deadline exceeded', 'context canceled']);
});

test('the name in a client certificate is known, if our authority has issued it', async (t) => {
  const authority = await makeAuthority('clients');
  const paths = { server: makeTlsPaths(t), client: makeTlsPaths(t), foreign: makeTlsPaths(t) };
  await issue(authority, paths.server, ['127.0.0.1']);
  await issue(authority, paths.client, ['alice']);
  await issue(await makeAuthority('strangers'), paths.foreign, ['alice']);
  const log = { info: () => undefined, warn: () => undefined };
  const names: (string | null)[] = [];
  const { ask } = await startLooking(t, async (call) => void names.push(call.certificateName), {
    tls: { files: new ReloadingTls(paths.server, log), clientCertificates: 'Request' },
  });
  const ca = authority.pem;
  const of = ({ certPath, keyPath }: { certPath: string; keyPath: string }) => ({
    ca,
    cert: readFileSync(certPath),
    key: readFileSync(keyPath),
  });
  for (const tls of [{ ca }, of(paths.client), of(paths.foreign)]) assert.equal((await ask(tls)).code, Code.Ok);
  assert.deepEqual(names, [null, 'alice', null]);
});

test('who observes is told of each call how it ended and how long it took', async (t) => {
  const { ask, observed } = await startLooking(t, async (call) => {
    if (call.metadata('fail') !== undefined) throw new GrpcError(Code.NotFound, 'nothing');
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  const tookSeconds: number[] = [];
  for (const metadata of [{}, { fail: 'yes' }]) {
    const startedMs = performance.now();
    await ask({}, metadata);
    tookSeconds.push((performance.now() - startedMs) / 1000);
  }
  assert.deepEqual(
    observed.map(([path, code]) => [path, code]),
    [
      ['/Look', Code.Ok],
      ['/Look', Code.NotFound],
    ],
  );
  const [[, , ok], [, , failed]] = observed as [(typeof observed)[0], (typeof observed)[0]];
  assert.ok(ok > 0.015 && ok <= tookSeconds[0]!, `${ok} s of ${tookSeconds[0]}`);
  assert.ok(failed <= tookSeconds[1]!, `${failed} s of ${tookSeconds[1]}`);
});
