import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Act } from '../decide/types.ts';
import { doneNote, failedNote, refusedNote } from './note.ts';

const object = { name: 'db-1', uid: 'u', resourceVersion: '7' };
const founding = { cluster_id: 'aa', founders: [] };
const event = { type: 'Warning', reason: 'QuorumLost', message: 'The quorum is lost: db-1 and db-2 are away' } as const;

const acts: { readonly [Kind in Act['kind']]: Extract<Act, { kind: Kind }> } = {
  Record: { kind: 'Record', status: {}, event },
  Bootstrap: { kind: 'Bootstrap', record: founding, slots: ['db-0', 'db-1'] },
  AddLearner: { kind: 'AddLearner', slot: 'db-1', peerAddress: 'db-1:2380', incarnation: 'i', expectedConfigIndex: 1 },
  Join: {
    kind: 'Join',
    slot: 'db-1',
    record: { cluster_id: 'aa', member_id: 4, incarnation: 'i', peers: [] },
  },
  Promote: { kind: 'Promote', memberId: 4, name: 'db-1', expectedConfigIndex: 1 },
  SetVoters: { kind: 'SetVoters', voters: [1, 2, 3], expectedConfigIndex: 1 },
  TransferLeader: { kind: 'TransferLeader', to: 2, toName: 'db-1' },
  RemoveMember: { kind: 'RemoveMember', memberId: 4, name: 'db-1', incarnation: 'i', expectedConfigIndex: 1 },
  MarkVolume: { kind: 'MarkVolume', volume: object, incarnation: 'i', clusterId: null, memberId: null },
  DeleteVolume: { kind: 'DeleteVolume', volume: object, incarnation: 'i', clusterId: 'aa' },
  ReleaseVolume: { kind: 'ReleaseVolume', volume: object },
  GrowVolume: { kind: 'GrowVolume', volume: object, size: '2Gi' },
  ScaleSet: { kind: 'ScaleSet', set: 'Voters', replicas: 5, start: 0, resourceVersion: '7' },
  EvictPod: { kind: 'EvictPod', pod: object },
  DeletePod: { kind: 'DeletePod', pod: object, force: false },
  RecoverQuorum: { kind: 'RecoverQuorum', slot: 'db-1', clusterId: 'bb', nonce: 'n' },
  DisposeVolume: { kind: 'DisposeVolume', volume: object, ownerUid: 'u' },
  LetStop: { kind: 'LetStop', slots: ['db-1', 'db-2'] },
  AddFinalizer: { kind: 'AddFinalizer' },
  RemoveFinalizer: { kind: 'RemoveFinalizer' },
};

const plan = (reason: string) => ({ subject: 'db-1, db-2', reason });

test('every act is told in a sentence, under a reason of one word, also when it fails or is refused', () => {
  for (const act of Object.values(acts)) {
    const done = doneNote(act, plan('its template is outdated'));
    assert.match(done.message, /^[A-Z][^.]*[^.:]\.$/, act.kind);
    assert.match(done.reason, /^([A-Z][a-z]+)+$/, act.kind);
    const failed = failedNote(act, plan('why'), 'the API server says no.');
    assert.match(failed.message, /^Could not [a-z][^.]*: the API server says no\. It is tried again\.$/, act.kind);
    assert.equal(failed.type, 'Warning');
    const refused = refusedNote(act, plan('why'), 'the budget db needs 2');
    assert.match(refused.message, /^Could not yet [a-z][^.]*: the budget db needs 2\.$/, act.kind);
    assert.equal(refused.type, 'Normal');
  }
});

test('a pod that goes, a member that leaves and a size that changes say why', () => {
  const said = (act: Act, why: string): string => doneNote(act, plan(why)).message;
  assert.equal(said(acts.EvictPod, 'its template is outdated'), 'Evicted the pod db-1: its template is outdated.');
  assert.equal(
    said(acts.RemoveMember, 'it is scaled away'),
    'Removed db-1, member 4, from the cluster: it is scaled away.',
  );
  assert.equal(said(acts.SetVoters, 'both learners are in sync'), 'Made db-1, db-2 voters in one change, of 3 in all.');
  assert.equal(
    said({ ...acts.DeletePod, force: true }, 'its node n1 does not exist any more'),
    'Deleted the pod db-1 without grace: its node n1 does not exist any more.',
  );
});
