import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createLogger, type LoggerOptions } from './logging.ts';

function linesOf(
  level: LoggerOptions['level'],
  body: (log: ReturnType<typeof createLogger>['log']) => void,
): unknown[] {
  const lines: unknown[] = [];
  const logger = createLogger({ level, member: 'm1', destination: { write: (line) => lines.push(JSON.parse(line)) } });
  body(logger.log);
  return lines;
}

test('a line is JSON with level, time, member, event and fields', () => {
  const [line] = linesOf('info', (log) => log('info', 'role_changed', { role: 'Leader', term: 7 }));
  const { time, ...rest } = line as { time: string };
  assert.deepEqual(rest, { level: 'info', member: 'm1', event: 'role_changed', role: 'Leader', term: 7 });
  assert.equal(new Date(time).toISOString(), time);
});

test('lines below the level are left out', () => {
  assert.equal(linesOf('warn', (log) => log('info', 'role_changed', {})).length, 0);
  assert.equal(linesOf('silent', (log) => log('error', 'disk_failed', {})).length, 0);
});

test('an error in the fields comes with its message', () => {
  const [line] = linesOf('info', (log) => log('error', 'disk_failed', { err: new Error('EIO') }));
  assert.equal((line as { err: { message: string } }).err.message, 'EIO');
});

const lastWords = (lines: number): string[] => [
  '--input-type=module',
  '-e',
  `import { createLogger } from ${JSON.stringify(path.join(import.meta.dirname, 'logging.ts'))};
  const logger = createLogger({ level: 'info', member: 'm1' });
  process.stdin.once('data', () => {
    for (let line = 0; line < ${lines}; line++) logger.log('error', 'last_words', { line });
    logger.flush();
    process.exit(1);
  });`,
];

test('what was logged before a sudden exit is on standard error', () => {
  const { stderr } = spawnSync(process.execPath, lastWords(1000), { encoding: 'utf8', input: 'now' });
  assert.equal(stderr.trimEnd().split('\n').length, 1000, stderr.slice(0, 500));
  assert.match(stderr, /"line":999,"event":"last_words"\}\n$/);
});

test('a process ends although nobody reads its last words', async () => {
  const child = spawn(process.execPath, lastWords(1000), { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stderr.destroy();
  await once(child.stderr, 'close');
  child.stdin.write('now');
  assert.deepEqual(await once(child, 'exit'), [1, null]);
});

test('a process ends although the reader of its last words has stopped', async () => {
  const child = spawn(process.execPath, lastWords(20_000), { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stderr.pause();
  child.stdin.write('now');
  assert.deepEqual(await once(child, 'exit'), [1, null]);
  child.stderr.destroy();
});

test('a process that has nothing more to do ends although the reader of its log has stopped', async (t) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'quorate-log-'));
  const pipe = path.join(folder, 'pipe');
  spawnSync('mkfifo', [pipe]);
  const stderr = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  t.after(() => {
    closeSync(stderr);
    rmSync(folder, { recursive: true });
  });
  assert.throws(() => {
    for (;;) writeSync(stderr, Buffer.alloc(4096));
  }, /EAGAIN/);
  // One thread: when it has looked at a folder, it has tried to write the line.
  const source = `
    import { stat } from 'node:fs';
    import { createLogger } from ${JSON.stringify(path.join(import.meta.dirname, 'logging.ts'))};
    const logger = createLogger({ level: 'info', member: 'm1' });
    logger.log('error', 'last_words', {});
    setImmediate(() => stat('/', () => {
      logger.flush();
      process.exitCode = 1;
    }));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'ignore', stderr],
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
  t.after(() => child.kill('SIGKILL'));
  assert.deepEqual(await once(child, 'exit'), [1, null]);
});
