import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { LeaderElection, defaultLeaderElectionTimes as times } from './leader-election.ts';
import { LeaseServer } from './testing/lease-server.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { until } from './testing/until.ts';

interface Process {
  readonly clock: ManualClock;
  readonly election: LeaderElection;
  readonly log: string[];
}

function startProcess(server: LeaseServer, identity: string): Process {
  const clock = new ManualClock();
  const log: string[] = [];
  const election = new LeaderElection({
    api: server.apiOf(identity, clock),
    clock,
    random: () => 0,
    lease: { namespace: 'ns', name: 'operator' },
    identity,
    onStarted: () => log.push('started'),
    onLost: (why) => log.push(`lost: ${why}`),
  });
  return { clock, election, log };
}

/** Carries out the calls of all processes, except one, until no more calls come. */
async function settle(server: LeaseServer, except?: string): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    await setImmediate();
    if (server.settleAll(except) === 0) quiet += 1;
    else quiet = 0;
  }
}

async function advance(server: LeaseServer, ms: number, ...processes: readonly Process[]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    for (const { clock } of processes) clock.advance(500);
    await settle(server);
  }
}

test('the first one leads, the second waits, and leadership is certain for the renew deadline from before it was asked for', async () => {
  const server = new LeaseServer();
  const one = startProcess(server, 'one');
  await until(() => server.calls.length === 1, 'it reads');
  server.settleAll();
  await until(() => server.calls.length === 1, 'it writes');
  const sentMs = one.clock.nowMs();
  one.clock.advance(1500);
  server.settleAll();
  await settle(server);
  assert.deepEqual(one.log, ['started']);
  assert.equal(one.election.validUntilMs, sentMs + times.renewDeadlineMs);
  const two = startProcess(server, 'two');
  await advance(server, 60_000, one, two);
  assert.ok(one.election.isLeader);
  assert.deepEqual(two.log, []);
  assert.equal(two.election.holder, 'one');
  assert.equal(two.election.validUntilMs, Number.NEGATIVE_INFINITY);
  assert.equal(server.lease?.spec?.leaseTransitions, 0);
});

test('a leader that dies is followed after the lease duration, and not before', async () => {
  const server = new LeaseServer();
  const one = startProcess(server, 'one');
  await settle(server);
  const two = startProcess(server, 'two');
  await settle(server);
  await advance(server, times.leaseDurationMs - 500, two);
  assert.deepEqual(two.log, []);
  await advance(server, 5000, two);
  assert.deepEqual(two.log, ['started']);
  assert.equal(server.holder, 'two');
  assert.equal(server.lease?.spec?.leaseTransitions, 1);
  one.clock.sleepThrough(60_000);
  assert.equal(one.election.isLeader, false, 'revived, it is none before any timer was called');
});

test('a leader that was stopped and goes on finds another one and is over', async () => {
  const server = new LeaseServer();
  const one = startProcess(server, 'one');
  await settle(server);
  const two = startProcess(server, 'two');
  await advance(server, 20_000, two);
  assert.deepEqual(two.log, ['started']);
  one.clock.advance(times.retryPeriodMs);
  await settle(server);
  assert.deepEqual(one.log, ['started', 'lost: two holds the lease']);
  assert.ok(!one.election.isLeader);
  await advance(server, 20_000, one, two);
  assert.equal(server.holder, 'two');
});

test('a leader that reaches nobody is over at the very time it said, though a request hangs', async () => {
  const server = new LeaseServer();
  const one = startProcess(server, 'one');
  await settle(server);
  const { validUntilMs } = one.election;
  while (one.clock.nowMs() < validUntilMs - 1) {
    one.clock.advance(1);
    if (one.clock.nowMs() % 500 === 0) await setImmediate();
  }
  assert.ok(one.election.isLeader);
  one.clock.advance(1);
  assert.ok(!one.election.isLeader);
  assert.deepEqual(one.log, ['started', 'lost: the lease could not be renewed for 10 s']);
});

test('a renewal that happened though its answer was lost costs nothing', async () => {
  const server = new LeaseServer();
  const one = startProcess(server, 'one');
  await settle(server);
  one.clock.advance(times.retryPeriodMs);
  await until(() => server.calls.length === 1, 'it renews');
  server.calls[0]?.arrive();
  server.calls[0]?.lose();
  await until(() => one.clock.delaysMs.length === 2, 'it waits for the next try');
  await advance(server, 30_000, one);
  assert.ok(one.election.isLeader);
  assert.deepEqual(one.log, ['started']);
});

test('a lease that is handed back is taken at the next try', async () => {
  const server = new LeaseServer();
  const one = startProcess(server, 'one');
  await settle(server);
  const two = startProcess(server, 'two');
  await settle(server);
  // The leader gives up the Lease while a renewal is under way.
  one.clock.advance(times.retryPeriodMs);
  await until(() => server.calls.length === 1, 'it renews');
  server.calls[0]?.arrive();
  const released = one.election.release();
  await settle(server);
  await released;
  assert.deepEqual(one.log, ['started'], 'giving back is no loss');
  assert.equal(server.holder, '');
  await advance(server, times.retryPeriodMs, two);
  assert.deepEqual(two.log, ['started']);
});

test('one that never led, and one that lost, change nothing when they end', async () => {
  const server = new LeaseServer();
  const one = startProcess(server, 'one');
  await settle(server);
  const two = startProcess(server, 'two');
  await settle(server);
  await two.election.release();
  assert.equal(server.holder, 'one');
  await advance(server, 4000, one);
  assert.ok(one.election.isLeader);
});

test('times in the lease, and jumps of the wall clock, mean nothing', async () => {
  const server = new LeaseServer();
  const one = startProcess(server, 'one');
  one.clock.jumpWall(-3_600_000);
  await settle(server);
  const two = startProcess(server, 'two');
  two.clock.jumpWall(3_600_000);
  await advance(server, 30_000, one, two);
  assert.ok(one.election.isLeader);
  assert.deepEqual(two.log, []);
});

test('a lease that is deleted is made again by its holder', async () => {
  const server = new LeaseServer();
  const one = startProcess(server, 'one');
  await settle(server);
  server.lease = null;
  await advance(server, 2000, one);
  assert.equal(server.holder, 'one');
  assert.deepEqual(one.log, ['started']);
});

test('times that cannot work are refused', () => {
  const server = new LeaseServer();
  const clock = new ManualClock();
  for (const wrong of [{ renewDeadlineMs: 15_000 }, { retryPeriodMs: 5000 }, { leaseDurationMs: 15_500 }]) {
    const options = {
      api: server.apiOf('one', clock),
      clock,
      random: () => 0,
      lease: { namespace: 'ns', name: 'operator' },
      identity: 'one',
      times: { ...times, ...wrong },
      onStarted: () => {},
      onLost: () => {},
    };
    assert.throws(() => new LeaderElection(options), RangeError);
  }
});

test('there are never two leaders, whatever the network does, with clocks that run 20% apart', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ advance: fc.integer({ min: 1, max: 3000 }) }) },
    { weight: 1, arbitrary: fc.record({ freeze: fc.nat(2), ms: fc.integer({ min: 1, max: 30_000 }) }) },
    { weight: 1, arbitrary: fc.record({ cut: fc.nat(2), ms: fc.integer({ min: 1, max: 30_000 }) }) },
    { weight: 4, arbitrary: fc.record({ arrive: fc.nat(5) }) },
    { weight: 4, arbitrary: fc.record({ answer: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ lose: fc.nat(5) }) },
    { weight: 3, arbitrary: fc.constant('settle' as const) },
  );
  const names = ['one', 'two', 'three'];
  const rates = [0.9, 1, 1.1];
  let terms = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
      const server = new LeaseServer();
      const processes = names.map((name) => startProcess(server, name));
      const check = () => {
        const leaders = processes.filter(({ election }) => election.isLeader);
        assert.ok(leaders.length <= 1, `${leaders.length} leaders`);
      };
      /**
       * Advances all clocks in small steps, to check in between; calls of processes that are not cut off are answered.
       */
      const pass = async (ms: number, out: { frozen?: number; cut?: number } | null) => {
        for (let passed = 0; passed < ms; passed += 250) {
          for (const [index, { clock }] of processes.entries()) {
            if (index === out?.frozen) clock.sleepThrough(250 * rates[index]!);
            else clock.advance(250 * rates[index]!);
            check();
          }
          if (out !== null) await settle(server, names[out.frozen ?? out.cut ?? -1]);
          check();
        }
      };
      for (const it of steps) {
        if (it === 'settle') await settle(server);
        else if ('advance' in it) await pass(it.advance, null);
        else if ('freeze' in it) await pass(it.ms, { frozen: it.freeze });
        else if ('cut' in it) await pass(it.ms, { cut: it.cut });
        else if ('arrive' in it) server.calls[it.arrive]?.arrive();
        else if ('answer' in it) server.calls[it.answer]?.answer();
        else server.calls[it.lose]?.lose();
        check();
        await setImmediate();
        check();
      }
      terms += processes.filter(({ log }) => log.includes('started')).length;
      // Once the network works again, there is one leader, or every process has ended.
      for (let rounds = 0; rounds < 80; rounds += 1) {
        await pass(500, {});
      }
      const alive = processes.filter(({ log }) => !log.some((line) => line.startsWith('lost')));
      if (alive.length > 0) assert.equal(alive.filter(({ election }) => election.isLeader).length, 1);
      await Promise.all([...processes.map(({ election }) => election.release()), settle(server)]);
    }),
    { numRuns: 60 },
  );
  assert.ok(terms > 30, 'it elected often enough to mean something');
});
