import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuthState, NO_AUTH } from '../store/auth/state.ts';
import { SimpleTokens } from './auth-token.ts';

const user = { name: 'u', passwordHash: null, roles: [], changedAt: 3 };
const keyed = (letter: string): string => Buffer.alloc(32, letter).toString('base64');
const state: AuthState = { ...NO_AUTH, isEnabled: true, revision: 9, tokenKey: keyed('a'), users: [user] };
const invalid = { code: 'unauthenticated' };

test('every member takes it for its time, however often it is shown', () => {
  const token = new SimpleTokens().issue(state, user, 0);
  const other = new SimpleTokens();
  for (let i = 0; i < 3; i++) {
    assert.equal(other.userOf(state, token, 299_999), user);
    assert.throws(() => other.userOf(state, token, 300_000), invalid);
  }
});

test('one that was good is void when the user was changed, and when users were enabled anew', () => {
  const tokens = new SimpleTokens();
  const token = tokens.issue(state, user, 0);
  assert.equal(tokens.userOf(state, token, 0), user);
  assert.throws(() => tokens.userOf({ ...state, users: [{ ...user, changedAt: 9 }] }, token, 0), invalid);
  assert.throws(() => tokens.userOf({ ...state, users: [] }, token, 0), invalid);
  for (const tokenKey of [keyed('b'), '']) {
    assert.throws(() => tokens.userOf({ ...state, tokenKey }, token, 0), invalid);
  }
  assert.equal(tokens.userOf(state, token, 0), user);
});
