import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiStatus } from '../../client/types.ts';
import { finalizer } from '../api/types.ts';
import type { Observed, PodView } from '../observe/types.ts';
import { answerOf, clusterOf, image, observedOf, podOf, slotOf } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

const broken: Partial<PodView> = { isReady: false, phase: 'Pending', waitingReason: 'ImagePullBackOff' };

function keepsUp(id: number): NonNullable<ApiStatus['peers']>[number] {
  return { id, match: 9, state: 'Replicate', last_contact_ms: 10, round_trip_ms: 1 };
}

/** Three members of which the last is on the image that is latched; the operator has another. */
function latched(latchedImage: string, last: Partial<PodView>, operatorImage: string): Observed {
  const target = { replicas: 3, readReplicas: 0, generation: 1 };
  const cluster = clusterOf({}, { image: latchedImage, target });
  return observedOf({
    cluster: { ...cluster, metadata: { ...cluster.metadata, finalizers: [finalizer] } },
    operatorImage,
    slots: [
      slotOf(0, { report: { kind: 'Answered', status: answerOf(0, { peers: [keepsUp(2), keepsUp(3)] }) } }),
      slotOf(1),
      slotOf(2, {
        pod: podOf(2, { image: latchedImage, ...last }),
        report: last.isReady === false ? null : { kind: 'Answered', status: answerOf(2) },
      }),
    ],
  });
}

function latchedImage(observed: Observed): string | null {
  const { act } = decide(observed);
  return act?.kind === 'Record' ? (act.status.image ?? null) : null;
}

test("a broken image that is taken out of the spec gives way to the operator's, without hands", () => {
  assert.equal(latchedImage(latched('no-such:1', broken, image)), image);
});

test('an image of the operator that does not start gives way to that of the next operator', () => {
  assert.equal(latchedImage(latched('quorate:bad', broken, 'quorate:mended')), 'quorate:mended');
});

test('a cluster with a member that is lost does not try a new image', () => {
  assert.equal(latchedImage(latched(image, { isReady: false, phase: 'Unknown' }, 'quorate:new')), null);
});

test('a cluster that is well takes it, unless another is taking it', () => {
  assert.equal(latchedImage(latched(image, {}, 'quorate:new')), 'quorate:new');
  assert.equal(latchedImage({ ...latched(image, {}, 'quorate:new'), rollingElsewhere: 'apps/other' }), null);
});
