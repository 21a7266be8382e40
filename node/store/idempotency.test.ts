import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Answers } from './answers.ts';
import { ANSWER_LIMITS, ANSWER_PERIOD_MS, advanceWindow } from './idempotency.ts';
import { del, put, range, StoreUnderTest } from './testing/store-under-test.ts';

const PERIOD = ANSWER_PERIOD_MS;
const fingerprint = Buffer.alloc(32, 1);
const keyed = (key: string, timeMs = 0) => ({ timeMs, idempotency: { key, fingerprint } });
async function answerRows({ engine, store }: StoreUnderTest): Promise<number> {
  await store.writeOut();
  return engine.rows.filter(({ key }) => key[0] === 0x64).length;
}

test('a repeated request gets the first answer and changes nothing, also after a restart', async () => {
  const subject = await StoreUnderTest.found();
  const first = await subject.apply(put('a', '1', { returnPrevious: true }), keyed('k'));
  await subject.apply(put('a', '2'));
  assert.deepEqual(await subject.apply(put('a', '1', { returnPrevious: true }), keyed('k')), first);
  await subject.reopen();
  assert.deepEqual(await subject.apply(put('a', '1', { returnPrevious: true }), keyed('k')), first);
  assert.deepEqual(await subject.values(range('a')), ['a=2']);
  assert.equal(subject.store.revision, 3);
});

test('a repeated request gets the first answer before the engine has it, and nothing is written for that', async () => {
  const subject = await StoreUnderTest.found();
  subject.engine.beforeWrite = () => assert.fail('a write was asked for');
  const first = await subject.apply(put('a', '1'), keyed('k'));
  await subject.apply(put('b', '2'), keyed('l'));
  assert.deepEqual(await subject.apply(put('a', '1'), keyed('k')), first);
  assert.equal(subject.store.revision, 3);
});

test('a repeat within one batch is answered once', async () => {
  const subject = await StoreUnderTest.found();
  const [first, second] = await subject.applyAll([put('a', '1'), put('a', '1')], keyed('k'));
  assert.deepEqual(second, first);
  assert.equal(subject.store.revision, 2);
});

test('the same key with another request is refused', async () => {
  const subject = await StoreUnderTest.found();
  await subject.apply(put('a', '1'), keyed('k'));
  const other = { idempotency: { key: 'k', fingerprint: Buffer.alloc(32, 2) } };
  const result = await subject.apply(put('a', '2'), other);
  assert.equal(result.kind === 'Failed' && result.code, 'idempotency_key_reused');
});

test('a refusal that the state decided is remembered, one that the request alone decides need not be', async () => {
  const subject = await StoreUnderTest.found();
  const refused = await subject.apply({ kind: 'LeaseRevoke', id: 5n }, keyed('k'));
  await subject.apply({ kind: 'LeaseGrant', id: 5n, ttlSeconds: 10 });
  assert.deepEqual(await subject.apply({ kind: 'LeaseRevoke', id: 5n }, keyed('k')), refused);
  await subject.apply(put('', 'x'), keyed('l'));
  assert.equal(subject.store.stats().answerCount, 1);
});

test('every kind of command is answered again', async () => {
  const subject = await StoreUnderTest.found();
  const commands = [
    put('a', 'x'.repeat(3000)),
    { ...del('a'), returnPrevious: true },
    { kind: 'Txn', compares: [], success: [put('b', '1'), range('b')], failure: [] } as const,
    { kind: 'Compact', revision: 2 } as const,
    { kind: 'LeaseGrant', id: 1n, ttlSeconds: 9 } as const,
    { kind: 'LeaseRevoke', id: 1n } as const,
    { kind: 'RaiseFormat', format: 2 } as const,
    {
      kind: 'ChangeMembership',
      expectedConfigIndex: 1,
      change: { kind: 'AddLearner', name: 'n4', peerAddress: 'n4:1', incarnation: 'i4' },
    } as const,
  ];
  for (const [n, command] of commands.entries()) {
    const first = await subject.apply(command, keyed(`k${n}`));
    assert.notEqual(first.kind, 'Failed');
    await subject.reopen();
    assert.deepEqual(await subject.apply(command, keyed(`k${n}`)), first);
  }
});

test('answers are kept for ten minutes of leader time, gone after twenty, and time never goes back', async () => {
  const subject = await StoreUnderTest.found();
  const startMs = 7 * PERIOD + PERIOD - 1;
  const first = await subject.apply(put('a', '1'), keyed('k', startMs));
  assert.deepEqual(await subject.apply(put('a', '1'), keyed('k', startMs + PERIOD)), first);
  assert.deepEqual(await subject.apply(put('a', '1'), keyed('k', 0)), first);
  assert.equal(subject.store.timeMs, startMs + PERIOD);
  await subject.apply(put('b', '1'), { timeMs: startMs + 2 * PERIOD });
  assert.equal(await answerRows(subject), 0);
  assert.equal(subject.store.stats().answerCount, 0);
  const second = await subject.apply(put('a', '1'), keyed('k', startMs + 2 * PERIOD));
  assert.notDeepEqual(second, first);
});

test('an answer is never dropped early nor kept past two periods', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(PERIOD / 2), { maxLength: 80 }), (gapsMs) => {
      const answers = new Answers(
        {
          generation: 0,
          answers: [
            { keys: 0, sizeBytes: 0 },
            { keys: 0, sizeBytes: 0 },
          ],
        },
        ANSWER_LIMITS,
      );
      const givenMs: number[] = [];
      let nowMs = 0;
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        answers.advance(nowMs);
        for (const [n, atMs] of givenMs.entries()) {
          const isKept = answers.find({ key: `k${n}`, fingerprint }) !== null;
          if (nowMs - atMs < PERIOD) assert.ok(isKept);
          if (nowMs - atMs >= 2 * PERIOD) assert.ok(!isKept);
        }
        answers.add({ key: `k${givenMs.length}`, fingerprint }, { kind: 'Format', format: 1 });
        givenMs.push(nowMs);
      }
    }),
    { numRuns: 50 },
  );
});

test('over the limit new keys are refused and old ones still answered, until a period has gone', () => {
  const empty = { keys: 0, sizeBytes: 0 };
  for (const limits of [
    { keys: 2, sizeBytes: 1e9 },
    { keys: 1e9, sizeBytes: 80 },
  ]) {
    const answers = new Answers({ generation: 0, answers: [empty, empty] }, limits);
    for (const key of ['k', 'l']) answers.add({ key, fingerprint }, { kind: 'Format', format: 1 });
    const refusal = answers.find({ key: 'm', fingerprint });
    assert.equal(refusal?.kind === 'Failed' && refusal.code, 'too_many_idempotency_keys');
    assert.deepEqual(answers.find({ key: 'k', fingerprint }), { kind: 'Format', format: 1 });
    answers.advance(2 * PERIOD);
    assert.equal(answers.find({ key: 'm', fingerprint }), null);
  }
});

test('a leader time far ahead empties the window without counting through it', () => {
  const window = {
    generation: 3,
    answers: [
      { keys: 5, sizeBytes: 9 },
      { keys: 1, sizeBytes: 1 },
    ] as const,
  };
  assert.deepEqual(advanceWindow(window, 1e6 * PERIOD), {
    generation: 1e6,
    answers: [
      { keys: 0, sizeBytes: 0 },
      { keys: 0, sizeBytes: 0 },
    ],
  });
  assert.deepEqual(advanceWindow(window, 4 * PERIOD).answers[1], window.answers[0]);
});
