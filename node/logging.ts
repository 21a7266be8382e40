/**
 * Log lines: JSON, one event a line, by name. The names are stable, for people search and alert by them; a line
 * never holds a key or a value of a user.
 */
import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';
import type { Observer } from './server/observer.ts';

export type Logger = {
  readonly log: Observer['log'];
  /** Writes what is still in memory, synchronously: for the last words of a process. */
  flush(): void;
};

/** Lines past this are dropped while nobody reads. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export type LoggerOptions = {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Stands in every line as `member`. */
  readonly member: string;
  /** Standard error unless given. */
  readonly destination?: DestinationStream & { flushSync?(): void };
};

export function createLogger(options: LoggerOptions): Logger {
  // Not synchronous: a reader of the pipe that is slow would stop heartbeats.
  const stream = options.destination ?? destination({ dest: 2, sync: false, maxLength: MAX_WAITING_BYTES });
  const lines = pino(
    {
      level: options.level,
      base: { member: options.member },
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'event',
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return {
    log: (level, event, fields) => lines[level](fields, event),
    flush: () => stream.flushSync?.(),
  };
}
