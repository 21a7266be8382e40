import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointSliceKind, podDisruptionBudgetKind, serviceKind } from '../kube/kinds.ts';
import type { KubeObject, Stored } from '../kube/types.ts';
import type { ChildWrite } from './children.ts';
import type { Upkeep } from './upkeep.ts';
import { leaderNote, refusedWriteNote, upkeepNotes } from './upkeep-notes.ts';

const pod = (name: string) => ({ name, uid: 'u', resourceVersion: '1' });
const stored = (name: string) => ({ metadata: { name, uid: 'u', resourceVersion: '1' } }) as Stored<KubeObject>;

function child(
  verb: ChildWrite['verb'],
  kind: ChildWrite['kind'],
  name: string,
  fields: readonly string[] = [],
): ChildWrite {
  return { verb, kind, object: { metadata: { name } }, live: verb === 'Create' ? null : stored(name), fields };
}

/** One of each: without an entry for a new one this does not compile. */
const writes: { readonly [Verb in Upkeep['verb']]: readonly Upkeep[] } = {
  Issue: [
    { verb: 'Issue', group: 'token', names: ['db-admin-token'] },
    { verb: 'Issue', group: 'peer', names: ['db-peer-ca', 'db-peer-tls'] },
  ],
  Create: [child('Create', serviceKind, 'db'), child('Create', podDisruptionBudgetKind, 'db')],
  Change: [child('Change', podDisruptionBudgetKind, 'db', ['spec.minAvailable'])],
  PutBack: [child('PutBack', serviceKind, 'db', ['spec.a', 'spec.b', 'spec.c', 'spec.d', 'spec.e'])],
  Delete: [child('Delete', serviceKind, 'db-read')],
  Label: [
    { verb: 'Label', pod: pod('db-0'), role: 'voter' },
    { verb: 'Label', pod: pod('db-1'), role: 'voter' },
    { verb: 'Label', pod: pod('db-2'), role: 'learner' },
    { verb: 'Label', pod: pod('db-3'), role: null },
  ],
};

test('each kind of write is told in one sentence, however many objects a pass writes', () => {
  const said = Object.entries(writes).map(([verb, done]) => {
    const notes = upkeepNotes(done);
    assert.equal(notes.length, 1, verb);
    assert.match(notes[0]!.reason, /^([A-Z][a-z]+)+$/);
    return `${notes[0]!.type} ${notes[0]!.message}`;
  });
  assert.deepEqual(said, [
    'Normal Issued the Secret db-admin-token, the Secret db-peer-ca and the Secret db-peer-tls.',
    'Normal Created the Service db and the PodDisruptionBudget db.',
    'Normal Changed the PodDisruptionBudget db (spec.minAvailable).',
    'Warning Put back what others had changed in the Service db (spec.a, spec.b, spec.c and 2 more).',
    'Normal Deleted the Service db-read, wanted no more.',
    'Normal Labelled for the disruption budget: db-0, db-1 as voters, db-2 as a learner and db-3 as no member.',
  ]);
});

test('all writes of a pass: a sentence for each kind, in the order of the pass', () => {
  const reasons = upkeepNotes(Object.values(writes).flat()).map(({ reason }) => reason);
  assert.deepEqual(reasons, [
    'SecretsIssued',
    'ObjectsCreated',
    'ObjectsChanged',
    'ObjectsPutBack',
    'ObjectsDeleted',
    'PodsLabelled',
  ]);
});

test('an election is told once: not by the endpoint of the Service that follows it, too', () => {
  assert.deepEqual(upkeepNotes([child('Change', endpointSliceKind, 'db-leader-ipv4', ['endpoints'])]), []);
  assert.deepEqual(leaderNote('db-1'), { type: 'Normal', reason: 'LeaderChanged', message: 'db-1 leads.' });
});

test('a refused write names the object, says why, and what to do', () => {
  const words = 'admission webhook "limits" denied the request: too many';
  const note = refusedWriteNote({ kind: 'PodMonitor', name: 'db', task: 'create', words, advice: 'Find the policy.' });
  assert.equal(note.type, 'Warning');
  assert.equal(note.message, `Could not create the PodMonitor db: ${words}. Find the policy.`);
});
