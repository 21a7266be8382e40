/** Parses the lines of a watch into events. */
import { KubeError } from './errors.ts';
import { errorFromStatusObject } from './status.ts';
import type { Kind, KubeObject, Stored, WatchEvent } from './types.ts';

/** Throws KubeError for an ERROR event and for a line that is not an event. */
export async function* watchEvents<T extends KubeObject>(
  { kind }: Kind<T>,
  received: AsyncIterable<string>,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  for await (const line of received) {
    if (line.trim() !== '') yield parseEvent(line, `watch ${kind}`);
  }
}

function parseEvent<T extends KubeObject>(line: string, description: string): WatchEvent<T> {
  let event: { readonly type?: unknown; readonly object?: Stored<T> };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (error) {
    throw new KubeError('ServerError', `${description}: no JSON: ${line.slice(0, 100)}`, { cause: error });
  }
  const { type, object } = event;
  const resourceVersion = object?.metadata?.resourceVersion;
  if (type === 'ERROR') throw errorFromStatusObject(object, description);
  if (typeof resourceVersion === 'string') {
    if (type === 'BOOKMARK') return { type, resourceVersion };
    if (object !== undefined && (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED'))
      return { type, object };
  }
  throw new KubeError('ServerError', `${description}: not an event: ${line.slice(0, 100)}`);
}
