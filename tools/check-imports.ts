/** Fails when a file imports what its room may not: see import-rooms.ts. */
import { globSync, readFileSync } from 'node:fs';
import { forbiddenImports } from './import-rooms.ts';

const files = globSync('{node,operator,client,cli,test,examples,bench,tools,monitoring}/**/*.ts').map((file) =>
  file.replaceAll('\\', '/'),
);
const problems = files.sort().flatMap((file) => forbiddenImports(file, readFileSync(file, 'utf8')));
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
