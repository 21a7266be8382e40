import { writeSync } from 'node:fs';

const { simulate } = await import('./simulate.ts');
const seed = process.argv[2]!;
const trace = process.argv[3] === '--trace';
const t = performance.now();
const r = await simulate(seed, trace ? (l) => writeSync(1, l + '\n') : null);
if (r.failure) console.log(r.lastLines.slice(-30).join('\n'));
console.log(
  seed,
  r.failure ?? 'ok',
  r.digest.slice(0, 8),
  r.stepCount,
  r.simulatedMs.toFixed(0),
  `${(performance.now() - t).toFixed(0)}ms`,
);
console.log(JSON.stringify(Object.fromEntries(r.counts)));
