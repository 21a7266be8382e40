import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observed, Slot } from '../observe/types.ts';
import { image, ledSlots, podOf, settledOf } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';
import { objectionToUpgrade } from './upgrade-path.ts';

test('one minor version at a time, and into the next major one by its first', () => {
  for (const [from, to] of [
    ['1.2.3', '1.2.3'],
    ['1.2.3', '1.2.9'],
    ['1.2.3', '1.3.0'],
    ['1.2.3', '1.2.0'],
    ['1.2.3', '1.1.9'],
    ['1.9.0', '2.0.0'],
    ['1.2.0-rc.1', '1.2.0'],
    // An image of one's own says what it likes.
    ['nightly', '1.2.0'],
  ] as const) {
    assert.equal(objectionToUpgrade(from, to), null, `${from} to ${to}`);
  }
  const refused: readonly (readonly [string, string, RegExp])[] = [
    ['1.2.3', '1.4.0', /skips a minor version: go to 1\.3 first/],
    ['1.4.0', '1.2.0', /is more than one minor version/],
    ['1.2.3', '3.0.0', /go through 2\.0 first/],
    ['1.2.3', '2.1.0', /go through 2\.0 first/],
    ['2.0.0', '1.9.0', /is another major version: restore a snapshot instead/],
  ];
  for (const [from, to, why] of refused) assert.match(objectionToUpgrade(from, to) ?? '', why, `${from} to ${to}`);
});

/** Three members; `version` of each, and whether its pod is of the template that is wanted. */
function running(spec: object, members: readonly { readonly version: string; readonly isNew: boolean }[]): Observed {
  const slots = ledSlots().map((slot, ordinal): Slot => {
    const { version, isNew } = members[ordinal]!;
    const pod = podOf(ordinal, { templateHash: isNew ? 'now' : 'before', readyChangedMs: 0 });
    const report = slot.report?.kind === 'Answered' ? slot.report : assert.fail('every member answers');
    return { ...slot, pod, report: { ...report, status: { ...report.status, version } } };
  });
  return settledOf(spec, { currentVersion: '1.0.0' }, { slots });
}

const old = { version: '1.0.0', isNew: false };

test('a version that the running one cannot become keeps the image as it is, and says so', () => {
  const spec = { image: 'quorate:1.2.0', version: '1.2.0' };
  const { act, plan } = decide(
    running(
      spec,
      [old, old, old].map((one) => ({ ...one, isNew: true })),
    ),
  );
  assert.equal(act, null);
  assert.deepEqual(plan.blockers, [
    'spec.version is refused: from 1.0.0 to 1.2.0 skips a minor version: go to 1.1 first',
  ]);
});

test('an image that is another version than it was said to be stops the rollout at its first pod', () => {
  const spec = { image, version: '1.1.0' };
  const { act, plan } = decide(running(spec, [old, old, { version: '1.0.7', isNew: true }]));
  assert.equal(act, null);
  assert.deepEqual(plan.blockers, ['the rollout stops: the image of db-2 is version 1.0.7, spec.version is 1.1.0']);
  const right = decide(running(spec, [old, old, { version: '1.1.0', isNew: true }]));
  assert.ok(right.act?.kind === 'EvictPod' && right.act.pod.name === 'db-1');
});
