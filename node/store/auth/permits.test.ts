import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Need, needsOf, permits } from './permits.ts';
import type { AuthState, Permission } from './state.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function stateWith(...permissions: Permission[]): AuthState {
  return {
    isEnabled: true,
    revision: 1,
    tokenKey: '',
    users: [{ name: 'u', passwordHash: null, roles: ['r', 'gone'], changedAt: 1 }],
    roles: [{ name: 'r', permissions }],
  };
}

const grant = (right: Permission['right'], key: string, end: string | null): Permission => ({
  right,
  key: base64(key),
  rangeEnd: end === null ? null : base64(end),
});
const need = (right: Need['right'], key: string, end: string | null = null): Need => ({
  right,
  key: Buffer.from(key),
  rangeEnd: end === null ? null : Buffer.from(end),
});

test('a range must be covered whole, by one grant or by several without a gap', () => {
  const state = stateWith(grant('Read', 'a', 'c'), grant('ReadWrite', 'c', 'f'), grant('Read', 'x', null));
  assert.ok(permits(state, 'u', need('Read', 'a', 'f')));
  assert.ok(permits(state, 'u', need('Read', 'b')));
  assert.ok(permits(state, 'u', need('Read', 'x')));
  assert.ok(permits(state, 'u', need('Write', 'c', 'd')));
  for (const denied of [
    need('Read', 'a', 'g'),
    need('Read', 'a', '\0'),
    need('Read', '\0', 'b'),
    need('Read', 'f'),
    need('Read', 'xx'),
    need('Write', 'b'),
    need('Write', 'b', 'd'),
  ]) {
    assert.equal(permits(state, 'u', denied), false, JSON.stringify(denied));
  }
  assert.equal(permits(state, 'stranger', need('Read', 'b')), false);
  assert.ok(permits(stateWith(grant('Read', 'a', '\0')), 'u', need('Read', 'zz', '\0')));
});

test('a right to a range is a right to each of its keys, and to no other', () => {
  const letters = 'abcdefgh';
  const ends = fc.option(fc.constantFrom(...letters.split(''), '\0'), { nil: null });
  const keys = fc.tuple(fc.constantFrom(...letters.split('')), ends);
  const holds = ([key, end]: readonly [string, string | null], letter: string): boolean =>
    end === null ? letter === key : letter >= key && (end === '\0' || letter < end);
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 5 }), fc.constantFrom(...letters.split('')), (granted, letter) => {
      const state = stateWith(...granted.map(([key, end]) => grant('Write', key, end)));
      assert.equal(
        permits(state, 'u', need('Write', letter)),
        granted.some((one) => holds(one, letter)),
      );
    }),
  );
});

test('a transaction needs what all that it nests needs, whichever way it goes', () => {
  const put = (key: string, lease = 0n) =>
    ({
      kind: 'Put',
      key: Buffer.from(key),
      value: Buffer.alloc(0),
      lease,
      returnPrevious: true,
      ignoreValue: false,
      ignoreLease: false,
    }) as const;
  const remove = { kind: 'DeleteRange', key: Buffer.from('d'), rangeEnd: null, returnPrevious: false } as const;
  const inner = { kind: 'Txn', compares: [], success: [], failure: [put('deep', 7n)] } as const;
  const compare = {
    key: Buffer.from('c'),
    rangeEnd: null,
    comparison: 'Equal',
    target: 'Create',
    number: 0,
  } as const;
  const needs = needsOf({ kind: 'Txn', compares: [compare], success: [inner], failure: [remove] });
  assert.deepEqual(
    needs.keys.map(({ key, right }) => `${right} ${key}`),
    ['Read c', 'Write deep', 'Read deep', 'Write d'],
  );
  assert.deepEqual([needs.rank, needs.leases], ['User', [7n]]);
});
