import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

/** Exit codes: 3 when the program that was loaded heard the signal, 4 when nobody did. */
async function exitCode(load: string): Promise<number> {
  const program = `
    import { endWhileLoading } from ${JSON.stringify(new URL('./end-while-loading.ts', import.meta.url))};
    const run = () => new Promise((resolve) => {
      process.once('SIGTERM', () => process.exit(3));
      process.once('SIGUSR2', () => process.exit(4));
      process.kill(process.pid, 'SIGUSR2');
      setInterval(() => {}, 1000);
    });
    const killed = () => process.kill(process.pid, 'SIGTERM');
    await endWhileLoading(async () => { ${load} });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return code as number;
}

test('SIGTERM ends a program that is being loaded', async () => {
  assert.equal(await exitCode('killed(); await new Promise(() => setInterval(() => {}, 1000));'), 0);
});

test('SIGTERM in the last moment of loading is heard by what was loaded', async () => {
  assert.equal(await exitCode('killed(); return run;'), 3);
});

test('a program that was loaded is left alone without it', async () => {
  assert.equal(await exitCode('return run;'), 4);
});
