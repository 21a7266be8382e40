/** Which test files there are, and which of them may run beside others. */
import { globSync } from 'node:fs';

export type TestFiles = {
  /** Two at a time: many wait for processes that they have started, and each has ports and folders of its own. */
  readonly together: readonly string[];
  /** Those that keep every core busy by themselves. */
  readonly oneByOne: readonly string[];
  /** On a real Kubernetes cluster, with one operator installed for all of them; mostly they wait for it. */
  readonly endToEnd: readonly string[];
  /** The same, for those that take nodes away, replace the operator, or measure. */
  readonly endToEndAlone: readonly string[];
};

const SIMULATION = 'test/simulation/';
const END_TO_END = 'test/e2e/';
/** They begin first, so that none of them is left to run alone at the end. */
const TAKES_LONG =
  /^test\/(?:e2e\/(?:drain-under-way|healing|lifecycle|rolling|scaling)|processes\/kill|toolchain\/bare-debian)\.test\.ts$/;
const ALONE = /^test\/e2e\/(?:drain|measured|node-faults|operators|tour|upgrade|without-helm)\.test\.ts$/;

/** @param below files or folders; empty means everything */
export function findTests(below: readonly string[]): TestFiles {
  const wanted = below.map((path) => path.replace(/^\.\//, '').replace(/\/+$/, ''));
  const files = globSync('{node,operator,client,cli,tools,bench,test,examples}/**/*.test.ts')
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`)))
    .sort();
  const isSimulation = (file: string): boolean => file.startsWith(SIMULATION);
  const isEndToEnd = (file: string): boolean => file.startsWith(END_TO_END);
  return {
    together: files.filter((file) => !isSimulation(file) && !isEndToEnd(file)).sort(longFirst),
    oneByOne: files.filter(isSimulation),
    endToEnd: files.filter((file) => isEndToEnd(file) && !ALONE.test(file)).sort(longFirst),
    endToEndAlone: files.filter((file) => ALONE.test(file)),
  };
}

function longFirst(a: string, b: string): number {
  return Number(TAKES_LONG.test(b)) - Number(TAKES_LONG.test(a));
}
