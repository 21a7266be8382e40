import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stableMessage } from './stable-message.ts';

test('two failures of one kind read the same', () => {
  const of = (ms: number, ip: string, version: number) =>
    stableMessage(
      new Error(
        `http://${ip}:2379: no answer within ${ms} ms; resourceVersion ${version} at 2026-01-01T00:00:${ms % 60}Z`,
      ),
    );
  assert.equal(of(1999, '10.0.0.1', 4711), of(2001, '10.0.0.27', 4712));
});

test('what it is about stays', () => {
  assert.equal(stableMessage(new Error('pods "db-0" is forbidden')), 'pods "db-0" is forbidden');
});
