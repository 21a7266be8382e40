/**
 * The operator's caches against a real API server that is killed, comes back with another history, or falls silent. It is
 * one of this test's own, with an etcd of its own: objects of a CRD are JSON there, so that they can change while no API
 * server runs.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { ControlPlane, isServed } from '../../bench/operator/control-plane.ts';
import { type OperatorCaches, onClusterChange, startCaches } from '../../operator/caches.ts';
import type { HttpKubeApi } from '../../operator/kube/api.ts';
import { defaultCacheTimes, startCache } from '../../operator/kube/cache.ts';
import { systemClock } from '../../operator/kube/clock.ts';
import { isKubeError, type KubeError } from '../../operator/kube/errors.ts';
import {
  type CustomResourceDefinition,
  customResourceDefinitionKind,
  namespaceKind,
} from '../../operator/kube/kinds.ts';
import type { KubeApi } from '../../operator/kube/types.ts';
import { type RaftClusterObject, raftClusterKind } from '../../operator/observe/cluster-kind.ts';
import { crdFile } from '../../tools/crd.ts';
import { isOnPath } from '../etcd/on-path.ts';
import { until } from '../processes/local-cluster.ts';

const missing = ['etcd', 'kube-apiserver'].filter((program) => !isOnPath(program));
const skip = missing.length > 0 && `platform: ${missing.join(' and ')} not on PATH`;
const limits = { skip, timeout: 120_000 };
const namespace = 'clusters';
/** As kube-apiserver names it in etcd. */
const keyOf = (name: string): string => `/registry/quorate.dev/raftclusters/${namespace}/${name}`;

let controlPlane: ControlPlane;
let api: HttpKubeApi;
let caches: OperatorCaches;
/** RaftClusters that a pass was asked for, and lists and watches that failed, since these were emptied. */
const asked = new Set<string>();
const failures: { readonly kind: string; readonly error: KubeError }[] = [];

before(async () => {
  if (skip) return;
  controlPlane = await ControlPlane.start({ hasControllers: false });
  api = await controlPlane.connect();
  await api.create(customResourceDefinitionKind, parse(readFileSync(crdFile, 'utf8')) as CustomResourceDefinition);
  await api.create(namespaceKind, { metadata: { name: namespace } });
  await until('the kind RaftCluster', () => isServed(api, raftClusterKind));
  const observer = {
    listed: () => {},
    failed: (kind: string, error: KubeError) => void failures.push({ kind, error }),
  };
  caches = await startCaches({ api, clock: systemClock, random: Math.random, namespace: null, observer });
  onClusterChange(caches, (key) => asked.add(key));
  await Promise.all(caches.all.map(({ synced }) => synced));
});

after(async () => {
  if (skip) return;
  await Promise.all(caches.all.map((cache) => cache.stop()));
  await api.close();
  await controlPlane.stop();
});

async function etcd<T>(call: string, body: object): Promise<T> {
  const answer = await fetch(`${controlPlane.etcdUrl}/v3/kv/${call}`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()) as T;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function stored(name: string): Promise<RaftClusterObject> {
  const { kvs } = await etcd<{ kvs: { value: string }[] }>('range', { key: base64(keyOf(name)) });
  return JSON.parse(Buffer.from(kvs[0]!.value, 'base64').toString()) as RaftClusterObject;
}

async function put(name: string, object: RaftClusterObject): Promise<void> {
  await etcd('put', { key: base64(keyOf(name)), value: base64(JSON.stringify(object)) });
}

function create(name: string, replicas: number): Promise<unknown> {
  return api.create(raftClusterKind, { metadata: { name, namespace }, spec: { replicas } });
}

/** Names and sizes, as the operator has them. */
function known(): readonly string[] {
  return caches.clusters
    .list()
    .map(({ metadata, spec }) => `${metadata.name} ${(spec as { replicas: number }).replicas}`)
    .sort();
}

function untilKnown(...wanted: readonly string[]): Promise<unknown> {
  const text = [...wanted].sort().join();
  return until('the caches', async () => (known().join() === text ? true : null));
}

/** One is changed, one made, one deleted, while nobody can tell. */
async function changeUnseen(from: { changed: string; made: string; gone: string }): Promise<void> {
  const { changed, made, gone } = from;
  const object = await stored(changed);
  await put(changed, { ...object, spec: { ...(object.spec as object), replicas: 5 } });
  const uid = `${made}-uid`;
  await put(made, { ...object, metadata: { ...object.metadata, name: made, uid } } as RaftClusterObject);
  await etcd('deleterange', { key: base64(keyOf(gone)) });
}

function forget(): void {
  asked.clear();
  failures.length = 0;
}

test('an API server that is killed and started again: what changed meanwhile is caught up with', limits, async () => {
  await Promise.all(['one', 'two', 'three'].map((name) => create(name, 3)));
  await untilKnown('one 3', 'two 3', 'three 3');
  forget();
  await controlPlane.killApiServer();
  await changeUnseen({ changed: 'one', made: 'four', gone: 'three' });
  await until('watches that fail', async () => (failures.length >= caches.all.length ? true : null));
  await controlPlane.startApiServer();
  await untilKnown('one 5', 'two 3', 'four 3');
  assert.deepEqual([...asked].sort(), ['clusters/four', 'clusters/one', 'clusters/three']);
  // And it goes on from there.
  await create('five', 1);
  await untilKnown('one 5', 'two 3', 'four 3', 'five 1');
});

test('a history that was compacted meanwhile: refused as gone, and listed anew', limits, async () => {
  // As with several API servers behind one address: whoever asks again reaches one that answers, and lists nothing before.
  let reachable = Promise.resolve();
  const balanced = new Proxy<KubeApi>(api, {
    get: (_, call: keyof KubeApi) =>
      call === 'watch'
        ? async function* (...ask: Parameters<KubeApi['watch']>) {
            await reachable;
            yield* api.watch(...ask);
          }
        : api[call].bind(api),
  });
  const codes: string[] = [];
  const cache = startCache({
    api: balanced,
    clock: systemClock,
    random: () => 0,
    kind: raftClusterKind,
    scope: { namespace },
    observer: { listed: () => codes.push('listed'), failed: (_kind, { code }) => codes.push(code) },
  });
  try {
    await cache.synced;
    await Promise.all([create('six', 3), create('seven', 3)]);
    await until('both', async () => (cache.get(namespace, 'six') && cache.get(namespace, 'seven') ? true : null));
    const answering = Promise.withResolvers<void>();
    reachable = answering.promise;
    await controlPlane.killApiServer();
    await changeUnseen({ changed: 'six', made: 'eight', gone: 'seven' });
    const { header } = await etcd<{ header: { revision: string } }>('range', { key: base64('/') });
    await etcd('compaction', { revision: header.revision, physical: true });
    await controlPlane.startApiServer();
    await until('the kind RaftCluster', () => isServed(api, raftClusterKind));
    answering.resolve();
    await until('the cache', async () => (cache.get(namespace, 'eight') === null ? null : true));
    assert.deepEqual(codes, ['listed', 'Unreachable', 'Gone', 'listed']);
    assert.equal(cache.get(namespace, 'seven'), null);
    assert.partialDeepStrictEqual(cache.get(namespace, 'six')?.spec, { replicas: 5 });
  } finally {
    await cache.stop();
  }
});

test('a write on what is no longer true is a conflict', limits, async () => {
  await create('nine', 1);
  const name = { namespace, name: 'nine' };
  const read = await api.get(raftClusterKind, name);
  const { uid, resourceVersion } = read!.metadata;
  await api.patch(raftClusterKind, name, { spec: { replicas: 3 } }, { uid, resourceVersion });
  const late = api.patch(raftClusterKind, name, { spec: { replicas: 5 } }, { uid, resourceVersion });
  await assert.rejects(late, (error) => isKubeError(error, 'Conflict'));
});

test('a connection that falls silent is given up, and the watch goes on once there is an answer', limits, async () => {
  const silent: KubeError[] = [];
  const cache = startCache({
    api,
    clock: systemClock,
    random: () => 0,
    kind: raftClusterKind,
    scope: { namespace },
    times: { ...defaultCacheTimes, watchMs: 2000, idleMs: 4000, backoff: { firstMs: 50, mostMs: 500 } },
    observer: { listed: () => {}, failed: (_kind, error) => void silent.push(error) },
  });
  try {
    await cache.synced;
    silent.length = 0;
    controlPlane.freezeApiServer();
    await until('the silence to be noticed', async () => (silent.some(({ code }) => code === 'Timeout') ? true : null));
    controlPlane.thawApiServer();
    await create('ten', 1);
    await until('the cache', async () => (cache.get(namespace, 'ten') === null ? null : true));
  } finally {
    controlPlane.thawApiServer();
    await cache.stop();
  }
});
