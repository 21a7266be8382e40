/** A copy of the tree with one bug in it. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Bug } from './table.ts';

const TREE = resolve(import.meta.dirname, '../../..');
const COPIED = ['node', 'client', 'test/simulation', 'package.json'];

/** @throws when the bug's text is not there exactly once */
export async function withBug<T>(bug: Bug, use: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'quorate-bug-'));
  try {
    for (const path of COPIED) await cp(join(TREE, path), join(root, path), { recursive: true });
    await symlink(join(TREE, 'node_modules'), join(root, 'node_modules'));
    const file = join(root, bug.file);
    const source = await readFile(file, 'utf8');
    const found = source.split(bug.find).length - 1;
    if (found !== 1) throw new Error(`${bug.file} has the text of '${bug.name}' ${found} times: update bugs/table.ts`);
    await writeFile(
      file,
      source.replace(bug.find, () => bug.replace),
    );
    return await use(root);
  } finally {
    await rm(root, { recursive: true });
  }
}
