import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import test from 'node:test';
import { hashPassword, isPassword } from './password.ts';

test('a password is known by its hash, and nobody has one', async () => {
  const stored = await hashPassword('secret');
  assert.deepEqual(await Promise.all([isPassword('secret', stored), isPassword('other', stored)]), [true, false]);
  assert.equal(await isPassword('', null), false);
});

test('many who show a password at once leave threads for the disk', async () => {
  let checked = 0;
  const all = Array.from({ length: 40 }, async () => {
    await isPassword('secret', null);
    checked += 1;
  });
  await stat('.');
  const before = checked;
  await Promise.all(all);
  assert.ok(before < 10, `${before} of 40 passwords were checked before a file could be looked at`);
});

test('a password is not checked for one who has gone meanwhile', async () => {
  const stored = await hashPassword('secret');
  assert.equal(await isPassword('secret', stored, () => false), false);
});
