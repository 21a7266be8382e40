import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
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

test('what was logged before a sudden exit is on standard error', () => {
  const source = `
    import { createLogger } from ${JSON.stringify(path.join(import.meta.dirname, 'logging.ts'))};
    const logger = createLogger({ level: 'info', member: 'm1' });
    for (let line = 0; line < 1000; line++) logger.log('error', 'last_words', { line });
    logger.flush();
    process.exit(1);`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
  assert.equal(stderr.trimEnd().split('\n').length, 1000, stderr.slice(0, 500));
  assert.match(stderr, /"line":999,"event":"last_words"\}\n$/);
});
