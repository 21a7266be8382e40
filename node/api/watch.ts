/** `GET /v1/watch`: changes as Server-Sent Events, which a browser's EventSource resumes without gap or repeat. */
import { setImmediate } from 'node:timers/promises';
import { RequestError } from '../server/types.ts';
import { errorBody, invalid } from './errors.ts';
import { EventStream, eventFrame } from './event-stream.ts';
import type { Exchange } from './exchange.ts';
import { watchBatchToJson } from './json.ts';
import { keysOfQuery, keysParameters } from './keys.ts';

const watchParameters: ReadonlySet<string> = new Set([
  ...keysParameters,
  'start_revision',
  'prev',
  'skip_puts',
  'skip_deletes',
]);

export async function watch(exchange: Exchange): Promise<void> {
  const query = exchange.query(watchParameters);
  const keys = keysOfQuery(query);
  if (keys === null) throw invalid("say what to watch: 'key', 'prefix' (empty for everything), or 'from' and 'to'");
  const startRevision = startOf(exchange.request.headers['last-event-id'], query.integer('start_revision', 0));
  const options = {
    ...keys,
    startRevision,
    returnPrevious: query.flag('prev', false),
    skipPuts: query.flag('skip_puts', false),
    skipDeletes: query.flag('skip_deletes', false),
  };
  const source = await exchange.member.watch(options);
  const batches = source[Symbol.asyncIterator]();
  let next = batches.next();
  // It may reject before it is awaited below: without this, that would be an unhandled rejection.
  next.catch(() => undefined);
  let stream: EventStream;
  try {
    // Compacted history is refused in the first step, without I/O. Wait for it: a status says so better than an event.
    if (startRevision <= source.revision) await Promise.race([next, setImmediate()]);
    stream = new EventStream(exchange, {
      ended: () => source.close(),
      // Better than a mere sign of life: it moves the revision on at which the client would resume.
      quiet: () => source.requestProgress(),
    });
  } catch (error) {
    source.close();
    throw error;
  }
  try {
    // Sent at once, so that a reconnect before the first event still knows where to go on.
    const delivered = startRevision === 0 ? source.revision : startRevision - 1;
    await stream.send(eventFrame('progress', { revision: delivered }, delivered));
    for (let result = await next; result.done !== true && stream.isOpen; result = await next) {
      const { revision } = result.value;
      await stream.send(
        result.value.events.length === 0
          ? eventFrame('progress', { revision }, revision)
          : eventFrame('events', watchBatchToJson(result.value), revision),
      );
      next = batches.next();
    }
  } catch (error) {
    if (stream.isOpen) await stream.send(failureFrame(exchange, error));
  } finally {
    stream.end();
  }
}

/** A browser that reconnects repeats its URL: where it got to counts more than where it once began. */
function startOf(lastEventId: string | string[] | undefined, startRevision: number | null): number {
  if (lastEventId === undefined || lastEventId === '') return startRevision ?? 0;
  const revision = /^\d{1,16}$/.test(String(lastEventId)) ? Number(lastEventId) : Number.NaN;
  if (Number.isSafeInteger(revision + 1)) return revision + 1;
  throw invalid(`Last-Event-ID is '${String(lastEventId)}'; it must be a revision`);
}

function failureFrame(exchange: Exchange, error: unknown): string {
  if (error instanceof RequestError)
    return eventFrame('failure', errorBody(error.code, error.message, error.detail), null);
  exchange.api.logger.error({ err: error }, 'api_watch_failed');
  return eventFrame('failure', errorBody('internal', "the watch failed; this member's log has the details", {}), null);
}
