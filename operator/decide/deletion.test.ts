import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observedCluster } from '../act/testing/observed.ts';
import type { Observed } from '../observe/types.ts';
import { podOf } from '../status/testing/healthy.ts';
import { decide } from './decide.ts';

function deleted(change: Partial<Observed>): Observed {
  const observed = observedCluster(change);
  const { cluster } = observed;
  const metadata = { ...cluster.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' };
  const target = { replicas: 3, readReplicas: 0, generation: 1 };
  return { ...observed, cluster: { ...cluster, metadata, status: { ...cluster.status, image: 'quorate:1', target } } };
}

test('in a namespace that is being deleted the finalizer goes, and nothing is created', () => {
  const { act, shape } = decide(deleted({ isNamespaceTerminating: true }));
  assert.equal(act?.kind, 'RemoveFinalizer');
  assert.equal(shape.mayApply, false);
});

test('in such a namespace pods go before the RaftCluster: their members are told not to wait for each other', () => {
  const going = observedCluster({ isNamespaceTerminating: true });
  const slots = going.slots.map((slot) => ({ ...slot, pod: { ...podOf(slot.ordinal), deletionDueMs: 60_000 } }));
  const { act, shape } = decide({ ...going, slots });
  assert.deepEqual(act, { kind: 'LetStop', slots: ['db-0', 'db-1', 'db-2'] });
  assert.equal(shape.mayApply, false);
  const silent = slots.map((slot) => ({ ...slot, report: null }));
  assert.equal(decide({ ...going, slots: silent }).act, null);
  assert.equal(decide(going).act, null);
});

test('elsewhere a RaftCluster that keeps its volumes goes at once, also without a quorum', () => {
  const { act, shape } = decide(deleted({ configuration: null, configurationError: 'no member answers' }));
  assert.equal(act?.kind, 'RemoveFinalizer');
  assert.equal(shape.mayApply, false, 'a child object that is refused would hold it up for ever');
});

test('one that is protected is looked after as before', () => {
  const observed = deleted({});
  const { cluster } = observed;
  const { act, shape } = decide({
    ...observed,
    cluster: { ...cluster, spec: { ...cluster.spec, deletionProtection: true } },
  });
  assert.equal(act, null);
  assert.equal(shape.mayApply, true);
});
