/**
 * `npm test`: the static checks, then every `*.test.ts`, then one line that sums up.
 * `npm test -- node/raft cli/main.test.ts`: only the tests below these paths, without the checks.
 */
import { compileCacheFolder } from '../cli/compile-cache.ts';
import { checks, runChecks } from './checks.ts';
import { findTests } from './find-tests.ts';
import { runTests, type Totals, withSetup } from './run-tests.ts';

const paths = process.argv.slice(2);
/** Installs it before the first of the tests on a cluster, and takes it away after the last. */
const OPERATOR = 'test/e2e/operator.ts';
const isCi = process.env['CI'] === 'true';

// Each file is a process of its own, and most load the same modules: compiled once, they start in half the time.
process.env['NODE_COMPILE_CACHE'] ??= compileCacheFolder;

if (paths.length === 0 && !(await runChecks(checks))) process.exit(1);

const { together, oneByOne, endToEnd, endToEndAlone } = findTests(paths);
if (together.length + oneByOne.length + endToEnd.length + endToEndAlone.length === 0) {
  console.error(`no test found${paths.length > 0 ? ` below ${paths.join(', ')}` : ''}`);
  process.exit(1);
}

const totals: Totals = { passed: 0, failed: [], skipped: [] };
await runTests(together, 2, totals);
await runTests(oneByOne, 1, totals);
if (endToEnd.length + endToEndAlone.length > 0) {
  await withSetup(OPERATOR, totals, async () => {
    await runTests(endToEnd, 2, totals);
    await runTests(endToEndAlone, 1, totals);
  });
}

for (const { name, file, reason } of totals.skipped) console.log(`SKIPPED ${file}: ${name} (${reason})`);
// Said again at the end: a log of thousands of lines is read from its end, and may be cut to it.
for (const { name, file, why } of totals.failed) {
  console.log(`FAILED ${file}: ${name}`);
  if (why !== '') console.log(why.replaceAll(/^/gm, '  '));
}

const forbiddenSkips = isCi ? totals.skipped.filter(({ reason }) => !reason.startsWith('platform:')) : [];
if (forbiddenSkips.length > 0) console.log(`under CI a skip is a failure, unless its reason starts with "platform:"`);
console.log(`${totals.passed} passed, ${totals.failed.length} failed, ${totals.skipped.length} skipped`);
if (totals.failed.length > 0 || forbiddenSkips.length > 0 || totals.passed === 0) process.exitCode = 1;
