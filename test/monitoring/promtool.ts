/** promtool and prometheus of Debian's package `prometheus`, or why they are not there. */
import { spawnSync } from 'node:child_process';

/** For `skip` of a test; `.ci/run` installs them, so there it is none. */
export const withoutPrometheus: string | false =
  spawnSync('promtool', ['--version']).error === undefined
    ? false
    : 'promtool and prometheus are not on PATH (Debian: apt-get install prometheus)';
