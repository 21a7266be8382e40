import assert from 'node:assert/strict';
import test from 'node:test';
import { HeldAnswers } from './held-answers.ts';

const overloaded = { code: 'overloaded' };

test('reads are refused while as much is held as may be', () => {
  const answers = new HeldAnswers(() => 0, 100);
  const held = answers.hold(60, assert.fail, { isWhole: false });
  answers.assertRoom();
  held.add(40);
  assert.throws(() => answers.assertRoom(), overloaded);
  held.took(1);
  answers.assertRoom();
  held.add(1);
  held.end();
  held.end();
  held.add(500);
  assert.equal(answers.bytes, 0);
  answers.assertRoom();
});

test('at the limit what was left lying is broken off, the oldest first and no more than has to be', () => {
  const MIB = 1 << 20;
  let nowMs = 0;
  const answers = new HeldAnswers(() => nowMs, 100 * MIB);
  const broken: string[] = [];
  // Nobody calls `end`: of a connection that is broken off one hears later.
  const hold = (name: string, mebibytes: number, isWhole = false) =>
    answers.hold(mebibytes * MIB, () => broken.push(name), { isWhole });
  hold('slow, but large', 10, true);
  const read = hold('read', 40);
  hold('left', 40);
  hold('left, too', 10);
  nowMs = 4000;
  read.took(MIB);
  read.add(MIB);
  assert.throws(() => answers.assertRoom(), overloaded);
  assert.deepEqual(broken, [], 'within its time nobody is broken off');
  nowMs = 5500;
  answers.assertRoom();
  assert.deepEqual(broken, ['left']);
  hold('new', 1000);
  nowMs = 5700;
  assert.throws(() => answers.assertRoom(), overloaded);
  assert.deepEqual(broken, ['left', 'left, too']);
});
