import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Registry } from 'prom-client';
import { Counts } from './counts.ts';

test('is shown as prom-client shows a counter', async () => {
  const own = new Registry();
  const counts = new Counts<'method' | 'code'>(own, 'requests_total', 'Requests.', ['method', 'code']);
  const usual = new Registry();
  const counter = new Counter({
    name: 'requests_total',
    help: 'Requests.',
    labelNames: ['method', 'code'],
    registers: [usual],
  });
  assert.equal(await own.metrics(), await usual.metrics(), 'before anything was counted');
  for (const [labels, count] of [
    [{ method: 'GET', code: '200' }, 3],
    [{ method: 'PUT "x"', code: '404' }, 1],
  ] as const) {
    const series = counts.addSeries(labels);
    for (let i = 0; i < count; i++) series.value += 1;
    counter.inc(labels, count);
  }
  assert.equal(await own.metrics(), await usual.metrics());
});
