/**
 * Log lines of the operator: JSON, one event a line, by name; the names are stable. Lines of one pass carry the same id.
 * Never the content of a Secret.
 */
import type { Logger as PinoLogger } from 'pino';
import { type LoggerOptions, openLines } from '../node/logging.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export type Log = {
  readonly write: (level: Level, event: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Makes a log whose lines all carry these fields. */
  readonly child: (fields: Readonly<Record<string, unknown>>) => Log;
  /** Writes what is still in memory, synchronously: for the last words of a process. */
  readonly flush: () => void;
};

/** @param stream standard error unless given */
export function createLog(level: Level | 'silent', stream?: LoggerOptions['destination']): Log {
  const { lines, flush } = openLines(level, null, stream);
  return over(lines, flush);
}

function over(logger: PinoLogger, flush: () => void): Log {
  return {
    write: (level, event, fields = {}) => logger[level](fields, event),
    child: (fields) => over(logger.child(fields), flush),
    flush,
  };
}
