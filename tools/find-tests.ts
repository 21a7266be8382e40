/** Which test files there are, and which of them may run beside others. */
import { globSync } from 'node:fs';

export type TestFiles = {
  /** Beside the code they test: small, two at a time. */
  readonly together: readonly string[];
  /** Under test/ and examples/: they start processes or simulate for long, and want the machine for themselves. */
  readonly oneByOne: readonly string[];
};

const SLOW_ROOMS = ['test/', 'examples/'];

/** @param below files or folders; empty means everything */
export function findTests(below: readonly string[]): TestFiles {
  const wanted = below.map((path) => path.replace(/^\.\//, '').replace(/\/+$/, ''));
  const files = globSync('{node,client,cli,tools,bench,test,examples}/**/*.test.ts')
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`)))
    .sort();
  const isSlow = (file: string): boolean => SLOW_ROOMS.some((room) => file.startsWith(room));
  return { together: files.filter((file) => !isSlow(file)), oneByOne: files.filter(isSlow) };
}
