import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, Registry } from 'prom-client';
import { Timings } from './timings.ts';

const SECONDS = [0, 0.000_05, 0.000_07, 0.003, 0.01, 9.9, 10, 11, 1e6];
const BUCKETS = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

async function texts(
  labelNames: 'method'[],
  fill: (observe: (seconds: number) => void, method: string) => void,
): Promise<{ readonly own: string; readonly usual: string }> {
  const own = new Registry();
  const usual = new Registry();
  const timings = new Timings<'method'>(own, 'took_seconds', 'Time.', labelNames);
  const histogram = new Histogram({
    name: 'took_seconds',
    help: 'Time.',
    labelNames,
    registers: [usual],
    buckets: BUCKETS,
  });
  for (const method of ['A', 'B']) {
    const series: { observe(seconds: number): void } =
      labelNames.length > 0 ? timings.addSeries({ method }) : (timings as unknown as Timings);
    const labelled = labelNames.length > 0 ? histogram.labels({ method }) : histogram;
    fill((seconds) => series.observe(seconds), method);
    fill((seconds) => labelled.observe(seconds), method);
  }
  return { own: await own.metrics(), usual: await usual.metrics() };
}

test('timings are shown as a histogram of prom-client is', async () => {
  const fill = (observe: (seconds: number) => void, method: string): void => {
    for (const seconds of method === 'A' ? SECONDS : SECONDS.slice(3)) observe(seconds);
  };
  for (const labelNames of [[], ['method']] as 'method'[][]) {
    const { own, usual } = await texts(labelNames, fill);
    assert.equal(own, usual);
  }
});

test('a series without labels is shown before anything was counted', async () => {
  const { own, usual } = await texts([], () => {});
  assert.equal(own, usual);
});
