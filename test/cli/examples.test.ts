import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UpCluster } from './testing/cluster.ts';
import { type Finished, Program } from './testing/program.ts';

describe('the examples', { timeout: 120_000 }, () => {
  let cluster: UpCluster;
  before(async () => {
    cluster = await UpCluster.start();
  });
  after(() => cluster[Symbol.asyncDispose]());

  const example = (name: string, ...args: string[]): Program =>
    new Program(fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url)), args, { env: cluster.env });
  const outputOf = ({ code, stdout, stderr }: Finished): string => {
    assert.equal(code, 0, stderr);
    return stdout;
  };

  test('three generals agree on one time, and so do three more who ask later', async () => {
    const runs = await Promise.all([example('three-generals').ended, example('three-generals').ended]);
    const times = runs.flatMap((run) => [...outputOf(run).matchAll(/ attacks at (\w+)/g)].map(([, time]) => time));
    assert.equal(times.length, 6);
    assert.equal(new Set(times).size, 1);
  });

  test('a counter raised from three terminals loses no step', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => example('counter', '20').ended));
    for (const run of runs) assert.match(outputOf(run), /raised it 20 times/);
    assert.equal((await cluster.client.get('counter'))?.value, '60');
  });

  test('a lock is held by one at a time, and its fence refuses who held it before', async () => {
    const runs = await Promise.all(['Alice', 'Bob', 'Carol'].map((name) => example('lock', name).ended));
    const outputs = runs.map(outputOf);
    for (const output of outputs) assert.match(output, /fence \d+\n.*: done\n.*: refused\n$/);
    const fences = outputs.map((output) => Number(/fence (\d+)/.exec(output)![1]));
    assert.equal(new Set(fences).size, 3);
    assert.equal((await cluster.client.get('account'))?.value, '30');
  });

  test('configuration is followed from what is there through every change', async () => {
    await cluster.client.put('config/color', 'red');
    await using program = example('configuration');
    await program.printed('now: color=red\n');
    await cluster.client.put('config/color', 'green');
    await program.printed('now: color=green\n');
    await cluster.client.delete('config/color');
    await program.printed('now: nothing configured\n');
    await cluster.client.put('config/stop', 'yes');
    outputOf(await program.ended);
  });
});
