import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DamagedRecord } from './errors.ts';
import { decodeResult, encodeResult } from './result-codec.ts';
import { keyProposals } from './testing/arbitraries.ts';
import { Model } from './testing/model.ts';
import { entry, FOUNDERS } from './testing/store-under-test.ts';
import type { Result } from './types.ts';

function assertRoundTrip(result: Result): void {
  const data = encodeResult(result);
  assert.deepEqual(decodeResult(data), result);
  for (let length = 0; length < Math.min(data.length, 200); length += 1) {
    assert.throws(() => decodeResult(data.subarray(0, length)), DamagedRecord);
  }
}

test('an answer is decoded as it was encoded, and not at all when cut short', () => {
  fc.assert(
    fc.property(fc.array(keyProposals, { minLength: 1, maxLength: 12 }), (proposals) => {
      const model = new Model();
      for (const [n, { command }] of proposals.entries()) assertRoundTrip(model.apply(entry(n + 2, command))!);
    }),
    { numRuns: 60 },
  );
  assertRoundTrip({ kind: 'Membership', membership: { ...FOUNDERS, leaving: [1, 2] }, id: 4 });
  assertRoundTrip({ kind: 'Format', format: 2 });
  assertRoundTrip({ kind: 'Corrupt', members: [0, 3] });
});
