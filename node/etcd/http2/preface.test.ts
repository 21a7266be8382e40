import assert from 'node:assert/strict';
import test from 'node:test';
import { Preface } from './preface.ts';
import { ErrorCode, PREFACE } from './protocol.ts';

test('it is cut off, however it and what follows are cut into chunks', () => {
  const bytes = Buffer.concat([PREFACE, Buffer.from('rest')]);
  for (let first = 0; first <= bytes.length; first += 1) {
    for (let second = first; second <= bytes.length; second += 1) {
      const preface = new Preface();
      const rest = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)].map((chunk) =>
        preface.strip(chunk).toString(),
      );
      assert.deepEqual([rest.join(''), preface.isWhole], ['rest', true]);
    }
  }
});

test('other bytes are refused as soon as they differ', () => {
  const preface = new Preface();
  preface.strip(PREFACE.subarray(0, 3));
  assert.equal(preface.isWhole, false);
  assert.throws(() => preface.strip(Buffer.from('x')), { code: ErrorCode.ProtocolError });
});
