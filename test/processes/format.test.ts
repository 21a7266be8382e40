/** Upgrades across formats, with a build that speaks one more. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FORMAT } from '../../node/server/format.ts';
import { LocalCluster, type Member, until } from './local-cluster.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('the format rises when the last member speaks it; until then the old build may come back, afterwards it stops', async () => {
  const newer = await buildOfFormat(FORMAT + 1);
  const cluster = await LocalCluster.form(3);
  try {
    const client = cluster.client();
    const replace = async (member: Member, build?: string): Promise<void> => {
      await cluster.kill(member);
      cluster.restart(member, build);
      await cluster.settled();
      await client.put('upgraded', member.name);
    };
    const formatOf = async (member: Member) => (await cluster.answerOf(member)).cluster_format;
    const [first, second, third] = cluster.members as [Member, Member, Member];

    await replace(first, newer);
    await replace(second, newer);
    assert.equal(await formatOf(first), FORMAT);
    await replace(second);
    await replace(second, newer);
    assert.equal(await formatOf(third), FORMAT);

    await replace(third, newer);
    await until('the new format everywhere', async () => {
      const formats = await Promise.all(cluster.members.map(formatOf));
      return formats.every((format) => format === FORMAT + 1) ? true : null;
    });

    await cluster.kill(first);
    cluster.restart(first);
    const stopped = await until('the old build to stop', async () => {
      const status = await cluster.statusOf(first);
      return status?.state === 'Parked' ? status : null;
    });
    assert.equal(stopped.reason, 'NewerFormat');
    await replace(first, newer);
    assert.equal((await client.get('upgraded'))?.value, first.name);
  } finally {
    await cluster.remove();
    await rm(newer, { recursive: true });
  }
});

async function buildOfFormat(format: number): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'quorate-build-'));
  for (const path of ['node', 'client', 'cli', 'package.json'])
    await cp(join(ROOT, path), join(root, path), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  const file = join(root, 'node/server/format.ts');
  const source = await readFile(file, 'utf8');
  const patched = source.replace(`FORMAT = ${FORMAT};`, `FORMAT = ${format};`);
  assert.notEqual(patched, source);
  await writeFile(file, patched);
  return root;
}
