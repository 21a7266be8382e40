/**
 * Log lines: JSON, one event a line, by name. The names are stable, for people search and alert by them; a line
 * never holds a key or a value of a user.
 */
import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import type { Observer } from './server/observer.ts';
import { StandardError } from './standard-error.ts';

export type Logger = {
  readonly log: Observer['log'];
  /** Writes what is still in memory, synchronously: for the last words of a process. */
  flush(): void;
};

export type LoggerOptions = {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Stands in every line as `member`. */
  readonly member: string;
  /** Standard error unless given. */
  readonly destination?: DestinationStream & { flushSync?(): void };
};

export function createLogger({ level, member, destination: stream }: LoggerOptions): Logger {
  const { lines, flush } = openLines(level, { member }, stream);
  return { log: (severity, event, fields) => lines[severity](fields, event), flush };
}

/**
 * The lines themselves, for the operator's too: people search both in one way.
 *
 * @param base stands in every line
 */
export function openLines(
  level: LoggerOptions['level'],
  base: Readonly<Record<string, string>> | null,
  stream: NonNullable<LoggerOptions['destination']> = new StandardError(),
): { readonly lines: PinoLogger; readonly flush: () => void } {
  const lines = pino(
    {
      level,
      base,
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'event',
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return { lines, flush: () => stream.flushSync?.() };
}
