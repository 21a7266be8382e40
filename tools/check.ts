/** `npm run check`: everything that can be said about the code without running it. Exit code 1 when one complains. */
import { checks, runChecks } from './checks.ts';

process.exitCode = (await runChecks(checks)) ? 0 : 1;
