import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReport } from './benchmark-report.ts';

const summary = (perSecond: string, p50: string | null, p99: string): string => `
Summary:
  Total:	0.23489 secs.
  Slowest:	0.0912 secs.
  Requests/sec:	${perSecond}

Response time histogram:
  0.0012 [1]	|
  0.0341 [41]	|∎∎∎∎∎∎

Latency distribution:
  10% in 0.0013 secs.
${p50 === null ? '' : `  50% in ${p50} secs.\n`}  99% in ${p99} secs.
`;

test('rate and percentiles of one summary', () => {
  assert.deepEqual(parseReport(summary('1042.25', '0.0025', '1.25e-01')), {
    perSecond: 1042.25,
    p50Ms: 2.5,
    p99Ms: 125,
    failures: 0,
  });
});

test('of two summaries rates are added, and the latencies are the last one’s', () => {
  const { perSecond, p50Ms, p99Ms } = parseReport(summary('100', '0.5', '0.75') + summary('50', '0.25', '1'));
  assert.deepEqual({ perSecond, p50Ms, p99Ms }, { perSecond: 150, p50Ms: 250, p99Ms: 1000 });
});

test('a percentile that is left out is zero', () => {
  assert.equal(parseReport(summary('100', null, '0.5')).p50Ms, 0);
});

test('failures are counted, bars of the histogram are not', () => {
  const errors = '\nError distribution:\n  [7]\trpc error: code = Unavailable\n  [2]\tcontext deadline exceeded\n';
  assert.equal(parseReport(summary('100', '0.5', '1') + errors).failures, 9);
});

test('nothing to read is an error', () => {
  assert.throws(() => parseReport('dial error'), /no summary/);
});
