import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const root = path.join(import.meta.dirname, '..');
const pages = [...globSync('docs/**/*.md', { cwd: root }), 'README.md', 'CONTRIBUTING.md'].map((file) => ({
  file,
  text: readFileSync(path.join(root, file), 'utf8'),
}));

type Schema = { readonly properties?: Readonly<Record<string, Schema>>; readonly items?: Schema };

test('every field of RaftCluster that a page names is one', () => {
  const crd = parse(readFileSync(path.join(root, 'crds/quorate.dev_raftclusters.yaml'), 'utf8'));
  const schema: Schema = crd.spec.versions[0].schema.openAPIV3Schema;
  const named = pages.flatMap(({ file, text }) =>
    [...text.matchAll(/`((?:spec|status)(?:\.[a-z]\w*)+)/g)].map((match) => ({ file, field: match[1]! })),
  );
  assert.ok(named.length > 20);
  for (const { file, field } of named) assert.ok(isIn(schema, field.split('.')), `${file}: there is no ${field}`);
});

function isIn(schema: Schema, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  const inner = schema.properties?.[first] ?? schema.items?.properties?.[first];
  return inner !== undefined && isIn(inner, rest);
}

test('every file that a page leads to is there', () => {
  for (const { file, text } of pages) {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      const found = globSync(path.posix.join(path.posix.dirname(file), target), { cwd: root });
      assert.equal(found.length, 1, `${file} leads to ${target}`);
    }
  }
});
