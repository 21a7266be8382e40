/**
 * Log lines of the operator: JSON, one event a line, by name; the names are stable. Lines of one pass carry the same id.
 * Never the content of a Secret.
 */
import { type DestinationStream, destination, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export type Log = {
  readonly write: (level: Level, event: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** One whose lines all carry these fields. */
  readonly child: (fields: Readonly<Record<string, unknown>>) => Log;
  /** Writes what is still in memory, synchronously: for the last words of a process. */
  readonly flush: () => void;
};

/** Lines past this are dropped while nobody reads. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** @param stream standard error unless given */
export function createLog(level: Level | 'silent', stream?: DestinationStream & { flushSync?(): void }): Log {
  // Not synchronous: a slow reader of the pipe would hold up the renewal of the lease.
  const lines = stream ?? destination({ dest: 2, sync: false, maxLength: MAX_WAITING_BYTES });
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'event',
      formatters: { level: (label) => ({ level: label }) },
    },
    lines,
  );
  return over(logger, () => lines.flushSync?.());
}

function over(logger: PinoLogger, flush: () => void): Log {
  return {
    write: (level, event, fields = {}) => logger[level](fields, event),
    child: (fields) => over(logger.child(fields), flush),
    flush,
  };
}
