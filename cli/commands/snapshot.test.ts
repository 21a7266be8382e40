import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInitialCluster } from './snapshot.ts';

test('members of a restored cluster are names with peer addresses', () => {
  assert.deepEqual(parseInitialCluster('m1=10.0.0.1:2380, m2=[::1]:2380'), [
    { name: 'm1', peerAddress: '10.0.0.1:2380' },
    { name: 'm2', peerAddress: '[::1]:2380' },
  ]);
  for (const [wrong, message] of [
    ['m1', /'m1' is not like m1=/],
    ['m1=host', /is not like/],
    ['m1=a:1,m1=b:1', /'m1' is there twice/],
    ['m1=a:1,m2=a:1', /'a:1' is there twice/],
  ] as const) {
    assert.throws(() => parseInitialCluster(wrong), message);
  }
});
