/** `GET /v1/watch`: changes as Server-Sent Events, which a browser's EventSource resumes without gap or repeat. */
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
  const source = await exchange.api.member.watch(options);
  let stream: EventStream;
  try {
    stream = new EventStream(exchange, () => source.close());
  } catch (error) {
    source.close();
    throw error;
  }
  // Sent at once, so that a reconnect before the first event still knows where to go on.
  const delivered = startRevision === 0 ? source.revision : startRevision - 1;
  await stream.send(eventFrame('progress', { revision: delivered }, delivered));
  try {
    for await (const batch of source) {
      if (!stream.isOpen) break;
      const { revision } = batch;
      await stream.send(
        batch.events.length === 0
          ? eventFrame('progress', { revision }, revision)
          : eventFrame('events', watchBatchToJson(batch), revision),
      );
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
