import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberContainer } from '../api/names.ts';
import { podView } from './pod-view.ts';

function waitingReasonOf(reason: string): string | null {
  const metadata = { name: 'db-2', namespace: 'default', uid: 'u', resourceVersion: '1' };
  const waiting = { name: memberContainer, state: { waiting: { reason } } };
  const status = { containerStatuses: [{ ...waiting, image: '', imageID: '', ready: false, restartCount: 0 }] };
  return podView({ apiVersion: 'v1', kind: 'Pod', metadata, status }, 'NotKnown').waitingReason;
}

test('an image that cannot be pulled is one reason, whether it is being tried again or waited for', () => {
  assert.equal(waitingReasonOf('ErrImagePull'), waitingReasonOf('ImagePullBackOff'));
  assert.notEqual(waitingReasonOf('ImagePullBackOff'), waitingReasonOf('CrashLoopBackOff'));
  assert.equal(waitingReasonOf('ContainerCreating'), null);
});
