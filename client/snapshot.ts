/** A backup on its way. */
import { failureOfException } from './retry.ts';

export type Snapshot = {
  /** Whole when the iteration ends. Throws `QuorateError` `unreachable` when it breaks off, the signal's reason when aborted. */
  readonly chunks: AsyncIterable<Uint8Array>;
};

export async function readSnapshot(response: Response, signal: AbortSignal | undefined): Promise<Snapshot> {
  if (response.body === null) throw new Error('the answer has no body');
  return { chunks: chunksOf(response.body.getReader(), response.url, signal) };
}

async function* chunksOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  url: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const cancel = () => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return;
      yield value;
    }
  } catch (exception) {
    signal?.throwIfAborted();
    throw failureOfException(exception, url).error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}
