import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forbiddenImports } from './import-rooms.ts';

test('the core may not import the store', () => {
  const problems = forbiddenImports(
    'node/raft/raft.ts',
    `import { x } from './log.ts';\nimport { y } from '../store/types.ts';\n`,
  );
  assert.equal(problems.length, 1);
  assert.match(problems[0]!, /^node\/raft\/raft\.ts:2: node\/raft\/ may not import node\/store\/types\.ts/);
});

test('the core may not import even a module of Node', () => {
  assert.match(
    forbiddenImports('node/raft/raft.ts', `import assert from 'node:assert';`)[0]!,
    /may not import node:assert/,
  );
});

test('types, re-exports, side effects and dynamic imports count as well', () => {
  const source = [
    `import type { A } from '../server/types.ts';`,
    `export * from '../server/types.ts';`,
    `import '../server/types.ts';`,
    `const module = await import('../server/types.ts');`,
    `import {`,
    `  B,`,
    `} from '../server/types.ts';`,
  ].join('\n');
  const lines = forbiddenImports('node/store/store.ts', source).map((problem) => problem.split(':')[1]);
  assert.deepEqual(lines, ['1', '2', '3', '4', '5']);
});

test('a comment imports nothing', () => {
  assert.deepEqual(
    forbiddenImports('node/raft/raft.ts', `/**\n * import x from '../store/types.ts';\n */\n// import '../a.ts';`),
    [],
  );
});

test('storage may import the types of the core, but not the core', () => {
  assert.deepEqual(forbiddenImports('node/storage/log.ts', `import type { Entry } from '../raft/types.ts';`), []);
  assert.equal(forbiddenImports('node/storage/log.ts', `import { Raft } from '../raft/raft.ts';`).length, 1);
});

test('a test may import anything', () => {
  assert.deepEqual(forbiddenImports('node/raft/raft.test.ts', `import { y } from '../store/types.ts';`), []);
});

test('what supports tests may import anything, and the product may not import it', () => {
  assert.deepEqual(forbiddenImports('node/raft/testing/cluster.ts', `import '../../store/types.ts';`), []);
  assert.match(
    forbiddenImports('node/raft/raft.ts', `import './testing/cluster.ts';`)[0]!,
    /which is no part of the product$/,
  );
});

test('a file outside of every room is found', () => {
  assert.match(forbiddenImports('lib/x.ts', '')[0]!, /lies in no room/);
});
