import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentObserver } from './observer.ts';
import { RefusalLog } from './refusal-log.ts';

test('a refusal is worth a line when it is another one than before, of one address or of all callers', () => {
  const lines: unknown[] = [];
  const log = new RefusalLog({ ...silentObserver, log: (_level, event, fields) => lines.push([event, fields]) });
  const other = { code: 'ClusterIdMismatch', message: 'another cluster' } as const;
  const notReady = { code: 'NotReady', message: 'not yet' } as const;
  log.refused('a:1', notReady, 'Ours');
  log.refused('a:1', notReady, 'Ours');
  log.refused('b:1', notReady, 'Ours');
  log.refused('a:1', other, 'Ours');
  log.refused('c:5001', other, 'Theirs');
  log.refused('c:5002', other, 'Theirs');
  log.refused('a:1', other, 'Ours');
  const line = (address: string, call: string, reason: object) => ['peer_refused', { address, call, ...reason }];
  assert.deepEqual(lines, [
    line('a:1', 'Ours', notReady),
    line('b:1', 'Ours', notReady),
    line('a:1', 'Ours', other),
    line('c:5001', 'Theirs', other),
  ]);
});
