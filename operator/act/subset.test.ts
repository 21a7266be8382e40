import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, holds, withoutAdditions } from './subset.ts';

test('what the API server adds does not matter', () => {
  const wanted = { spec: { ports: [{ port: 1 }], selector: { a: 'b' } } };
  assert.equal(
    holds({ spec: { ports: [{ port: 1, protocol: 'TCP' }], selector: { a: 'b' }, type: 'ClusterIP' } }, wanted),
    true,
  );
});

test('a field that differs, or is gone, does', () => {
  assert.equal(holds({ spec: { type: 'NodePort' } }, { spec: { type: 'ClusterIP' } }), false);
  assert.equal(holds({ spec: {} }, { spec: { type: 'ClusterIP' } }), false);
  assert.equal(holds({}, { spec: { type: 'ClusterIP' } }), false);
});

test('an entry that somebody has added to a list does', () => {
  assert.equal(holds({ env: [{ name: 'A' }, { name: 'B' }] }, { env: [{ name: 'A' }] }), false);
});

test('quantities are compared by their value, other texts are not', () => {
  assert.equal(holds({ limits: { memory: '1Gi', cpu: 1 } }, { limits: { memory: '1024Mi', cpu: '1000m' } }), true);
  assert.equal(holds({ limits: { memory: '1Gi' } }, { limits: { memory: '2Gi' } }), false);
  assert.equal(holds({ label: '1000m' }, { label: '1' }), false);
});

test('what is empty may be left out', () => {
  assert.equal(holds({}, { endpoints: [], annotations: {}, paused: false, value: '' }), true);
  assert.equal(holds({ endpoints: [{ addresses: ['10.0.0.1'] }] }, { endpoints: [] }), false);
  assert.equal(holds({ paused: true }, { paused: false }), false);
});

test("a stranger's key in a selector is seen and taken out, a field of the API server's is not", () => {
  const wanted = { spec: { selector: { cluster: 'db' }, ports: [{ port: 1 }] } };
  const actual = { spec: { selector: { cluster: 'db', app: 'x' }, ports: [{ port: 1 }], clusterIP: '10.0.0.1' } };
  assert.equal(holds(actual, wanted), false);
  assert.deepEqual(withoutAdditions(actual, wanted), {
    spec: { selector: { cluster: 'db', app: null }, ports: [{ port: 1 }] },
  });
  assert.equal(holds({ spec: { ...actual.spec, selector: { cluster: 'db' } } }, wanted), true);
});

test('fields that differ are named by their path', () => {
  const wanted = {
    metadata: { labels: { 'a/b': 'c' } },
    spec: { selector: { cluster: 'db' }, ports: [{ port: 1 }], type: 'x' },
  };
  const actual = {
    metadata: { labels: {} },
    spec: { selector: { cluster: 'db', app: 'x' }, ports: [{ port: 2 }], type: 'x' },
  };
  assert.deepEqual(differences(actual, wanted), ['metadata.labels[a/b]', 'spec.selector.app', 'spec.ports[0].port']);
});
