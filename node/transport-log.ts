/** A member's log as the transport wants it: a function for each level, fields before the event. */
import type { Observer } from './server/observer.ts';
import type { TransportLog } from './transport/options.ts';

export function transportLog(log: Observer['log']): TransportLog {
  return {
    info: (fields: object, event: string) => log('info', event, fields as Record<string, unknown>),
    warn: (fields: object, event: string) => log('warn', event, fields as Record<string, unknown>),
  };
}
