import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiMember, ApiStatus } from '../../client/types.ts';
import { Drain } from './drain.ts';
import { mustWait, type PrestopOptions, prestop } from './prestop.ts';

function statusOf(voters: number, isCritical: boolean | null, learners = 0): ApiStatus {
  const roles = [...Array<'Voter'>(voters).fill('Voter'), ...Array<'Learner'>(learners).fill('Learner')];
  const members = roles.map(
    (role, index): ApiMember => ({ id: index + 1, name: `m${index}`, peer_address: 'a', incarnation: 'i', role }),
  );
  return {
    name: 'm1',
    incarnation: 'i',
    peer_address: 'a',
    client_url: 'b',
    version: '1',
    format: 1,
    state: 'Member',
    uptime_seconds: 1,
    members,
    quorum_critical: isCritical,
  };
}

const forever = new AbortController().signal;

function options(over: Partial<PrestopOptions>): PrestopOptions {
  return { status: async () => statusOf(3, false), drain: new Drain(), timeoutMs: 60_000, drainMs: 0, ...over };
}

test('it waits where others may come back, and not where it would be in vain', () => {
  assert.equal(mustWait(statusOf(3, true)), true);
  assert.equal(mustWait(statusOf(5, true)), true);
  assert.equal(mustWait(statusOf(3, false)), false);
  assert.equal(mustWait(statusOf(1, true)), false, 'the only voter');
  assert.equal(mustWait(statusOf(2, true, 1)), false, 'of two voters each is needed, always');
  assert.equal(mustWait(statusOf(3, null)), false);
  assert.equal(mustWait({ ...statusOf(1, true), leaving: [1, 2, 3] }), true, 'three are leaving in a joint change');
});

test('a member that the cluster can spare is let go at once, and is not ready from the first moment', async () => {
  const drain = new Drain();
  const answering = prestop(options({ drain }), forever);
  assert.equal(drain.isOn, true);
  const ready = { ready: true, checks: [] };
  assert.deepEqual(drain.readiness(ready).ready, false);
  assert.equal((await answering).quorum_critical, false);
  assert.equal(drain.isOn, true, 'it stays so: the stop comes now');
});

test('it waits until the cluster can spare this member', async () => {
  let asked = 0;
  const status = async (): Promise<ApiStatus> => statusOf(3, ++asked < 3);
  assert.equal((await prestop(options({ status }), forever)).quorum_critical, false);
  assert.equal(asked, 3);
});

test('nobody waits for a quorum when all members are stopped, also who waits already', async () => {
  const drain = new Drain();
  const status = async (): Promise<ApiStatus> => statusOf(3, true);
  const waiting = prestop(options({ drain, status }), forever);
  drain.stopTogether();
  assert.equal((await waiting).quorum_critical, false);
  assert.equal((await prestop(options({ drain, status }), forever)).quorum_critical, false);
  assert.equal(drain.isOn, true);
});

test('a consent to be stopped with the others ends by itself', (t) => {
  const drain = new Drain();
  assert.equal(drain.isTogether, false);
  const now = performance.now();
  const clock = t.mock.method(performance, 'now', () => now);
  drain.stopTogether();
  clock.mock.mockImplementation(() => now + 59_000);
  assert.equal(drain.isTogether, true);
  clock.mock.mockImplementation(() => now + 61_000);
  assert.equal(drain.isTogether, false);
});

test('the wait is bounded, and the answer says that it was in vain', async () => {
  const status = async (): Promise<ApiStatus> => statusOf(3, true);
  const answer = await prestop(options({ status, timeoutMs: 150 }), forever);
  assert.equal(answer.quorum_critical, true);
  assert.ok(answer.waited_ms >= 150, `${answer.waited_ms} ms`);
  let times = 0;
  const counted = (): Promise<ApiStatus> => {
    times += 1;
    return status();
  };
  await prestop(options({ status: counted, timeoutMs: 0 }), forever);
  assert.equal(times, 1, 'without time it does not wait');
});

test('a Service gets its time also where the cluster can spare the member', async () => {
  const { waited_ms } = await prestop(options({ drainMs: 120 }), forever);
  assert.ok(waited_ms >= 120, `${waited_ms} ms`);
});

test('nobody waits for a caller that has gone', async () => {
  const gone = new AbortController();
  const answering = prestop(options({ status: async () => statusOf(3, true) }), gone.signal);
  gone.abort();
  assert.ok((await answering).waited_ms < 60_000);
});

test('what was taken back counts once', () => {
  const drain = new Drain();
  const first = drain.begin();
  const second = drain.begin();
  first();
  first();
  assert.equal(drain.isOn, true);
  second();
  assert.equal(drain.isOn, false);
  assert.deepEqual(drain.readiness({ ready: true, checks: [] }), { ready: true, checks: [] });
});
