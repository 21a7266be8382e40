import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestEtcd } from '../testing/start-test-etcd.ts';

test('members are added by address alone, and what is asked for reaches the member', async (t) => {
  const { call, member } = await startTestEtcd(t);
  const answer = await call('Cluster/MemberList', 'MemberListRequest', { linearizable: true });
  assert.deepEqual(answer['members'][0], {
    ID: 1n,
    name: 'm1',
    peerURLs: ['http://10.0.0.1:2380'],
    clientURLs: ['http://127.0.0.1:2379'],
    isLearner: false,
  });
  await call('Cluster/MemberAdd', 'MemberAddRequest', { peerURLs: ['http://10.0.0.3:2380'], isLearner: true });
  await call('Cluster/MemberUpdate', 'MemberUpdateRequest', { ID: 2n, peerURLs: ['https://[::1]:99/'] });
  await call('Cluster/MemberPromote', 'MemberPromoteRequest', { ID: 2n });
  await call('Cluster/MemberRemove', 'MemberRemoveRequest', { ID: 2n });
  const changes = member.calls.filter(([name]) => name === 'changeMembership');
  assert.deepEqual(
    changes.map(([, what]) => (what as { change: object }).change),
    [
      { kind: 'AddUnclaimed', peerAddress: '10.0.0.3:2380' },
      { kind: 'UpdateAddress', id: 2, peerAddress: '[::1]:99' },
      { kind: 'Promote', id: 2 },
      { kind: 'Remove', id: 2 },
    ],
  );
});

test('what is no one URL of a peer, and no id, is refused', async (t) => {
  const { call } = await startTestEtcd(t);
  const add = (...peerURLs: string[]): Promise<unknown> => call('Cluster/MemberAdd', 'MemberAddRequest', { peerURLs });
  for (const urls of [[], ['10.0.0.3:2380'], ['http://a:1', 'http://b:1'], ['http://a'], ['http://a:1/path']]) {
    await assert.rejects(add(...urls), /^Error: 3 etcdserver: given member URLs are invalid$/);
  }
  await assert.rejects(
    call('Cluster/MemberRemove', 'MemberRemoveRequest', { ID: 2n ** 63n }),
    /^Error: 5 etcdserver: member not found$/,
  );
});
