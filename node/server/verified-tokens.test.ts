import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VerifiedTokens } from './verified-tokens.ts';

test('the newest are kept, up to a bound', () => {
  const tokens = new VerifiedTokens<number>();
  for (let i = 0; i < 3000; i++) tokens.add(`t${i}`, i);
  assert.equal(tokens.claimsOf('t2999'), 2999);
  const kept = Array.from({ length: 3000 }, (_, i) => tokens.claimsOf(`t${i}`)).filter((one) => one !== undefined);
  assert.deepEqual(
    kept,
    Array.from({ length: 1024 }, (_, i) => 1976 + i),
  );
  tokens.forgetAll();
  assert.equal(tokens.claimsOf('t2999'), undefined);
});
