import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from '../store/types.ts';
import { withDefaults } from './command-defaults.ts';

const grant = (id: bigint, ttlSeconds: number): Command => ({ kind: 'LeaseGrant', id, ttlSeconds });
const half = (): number => 0.5;

test('a lease lasts longer than an election, and as long as was asked for where that is more', () => {
  assert.deepEqual(withDefaults(grant(7n, 1), 3000, half), grant(7n, 5));
  assert.deepEqual(withDefaults(grant(7n, 60), 3000, half), grant(7n, 60));
});

test('a lease without an id gets one above 0, within an int64, whatever was drawn', () => {
  const drawn = (random: number): bigint => {
    const command = withDefaults(grant(0n, 60), 1000, () => random);
    assert.equal(command.kind, 'LeaseGrant');
    return command.kind === 'LeaseGrant' ? command.id : -1n;
  };
  assert.equal(drawn(0), 1n);
  assert.equal(drawn(0.5), 0x4000_0000_8000_0000n);
  assert.equal(drawn(1 - 2 ** -53), 0x7fff_ffff_ffff_ffffn);
});

test('other commands stay as they are', () => {
  const command: Command = { kind: 'LeaseRevoke', id: 0n };
  assert.equal(withDefaults(command, 1000, half), command);
});
