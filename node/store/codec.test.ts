import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeProposal, encodeProposal, stampTime } from './codec.ts';
import { DamagedRecord, UnknownEntry } from './errors.ts';
import { proposals } from './testing/arbitraries.ts';
import { put } from './testing/store-under-test.ts';
import type { Proposal } from './types.ts';

const example: Proposal = {
  origin: 0xab,
  sequence: 3,
  timeMs: 1000,
  idempotency: { key: 'k', fingerprint: Buffer.alloc(32, 9) },
  command: put('a', 'b', { lease: 7n }),
};

test('a proposal is decoded as it was encoded', () => {
  fc.assert(fc.property(proposals, (proposal) => assert.deepEqual(decodeProposal(encodeProposal(proposal)), proposal)));
});

test('a proposal cut short at any byte, or with a byte too many, is refused', () => {
  fc.assert(
    fc.property(proposals, (proposal) => {
      const data = encodeProposal(proposal);
      for (let length = 0; length < Math.min(data.length, 300); length += 1) {
        assert.throws(() => decodeProposal(data.subarray(0, length)), DamagedRecord);
      }
      assert.throws(() => decodeProposal(data.subarray(0, -1)), DamagedRecord);
      assert.throws(() => decodeProposal(Buffer.concat([data, Buffer.from([0])])), DamagedRecord);
    }),
    { numRuns: 60 },
  );
});

test('damaged bytes are refused with a typed error or decode to something, but never crash otherwise', () => {
  fc.assert(
    fc.property(proposals, fc.nat(), fc.integer({ min: 1, max: 255 }), (proposal, at, change) => {
      const data = encodeProposal(proposal);
      data[at % data.length]! ^= change;
      try {
        decodeProposal(data);
      } catch (error) {
        assert.ok(error instanceof DamagedRecord || error instanceof UnknownEntry, String(error));
      }
    }),
  );
});

test('a version, a flag or a kind of command of a later build is told apart from damage', () => {
  for (const [at, value] of [
    [0, 2],
    [1, 2],
    [54, 200],
  ] as const) {
    const data = encodeProposal({ ...example, idempotency: { key: 'k', fingerprint: Buffer.alloc(32) } });
    data[at === 54 ? 20 + 1 + 1 + 32 : at] = value;
    assert.throws(() => decodeProposal(data), UnknownEntry);
  }
});

test('the bytes of an entry do not change between builds', () => {
  const fingerprint = '09'.repeat(32);
  const command = `0101${'0000000000000007'}01610162`;
  const expected = `0101${'0000000003e8'}${'0000000000ab'}${'000000000003'}016b${fingerprint}${command}`;
  assert.equal(encodeProposal(example).toString('hex'), expected);
});

test('the leader stamps its time into an encoded proposal, wherever its bytes lie', () => {
  fc.assert(
    fc.property(proposals, fc.integer({ min: 0, max: 2 ** 48 - 1 }), (proposal, timeMs) => {
      const wire = Buffer.concat([Buffer.from('xyz'), encodeProposal(proposal)]);
      const data = new Uint8Array(wire.buffer, wire.byteOffset + 3, wire.length - 3);
      stampTime(data, timeMs);
      assert.deepEqual(decodeProposal(data), { ...proposal, timeMs });
    }),
  );
});

test('decoding copies no value', () => {
  const data = encodeProposal({ ...example, idempotency: null });
  const { command } = decodeProposal(data);
  assert.ok(command.kind === 'Put');
  assert.equal(command.value.buffer, data.buffer);
});
